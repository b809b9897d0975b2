//! The oven's bytes: what a cook sends, what the oven understands, what it
//! answers, and what the cook makes of that.

use crate::Dish;

/// A request's head may have this many bytes and lines.
const HEAD_BYTES: usize = 8 * 1024;
const HEAD_LINES: usize = 64;

/// The oven bakes no longer than a minute.
const LONGEST_MS: u32 = 60_000;

/// What a complete request asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Order {
    pub dish: u32,
    pub dough: u64,
    pub bake_ms: u32,
    /// `HEAD` asks for the answer without its body.
    pub head_only: bool,
}

/// How a request was understood.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Request {
    /// The rest is still on its way.
    Partial,
    Bake(Order),
    /// The reply is known at once: help, or what is wrong.
    Answer(Vec<u8>),
}

/// The request for a dish, as a cook sends it.
pub(crate) fn order(dish: Dish, dough: u64) -> Vec<u8> {
    let Dish { number, bake_ms, .. } = dish;
    format!(
        "GET /bake/{bake_ms}?dish={number}&dough={dough:016x} HTTP/1.1\r\n\
         Host: oven\r\n\
         Connection: close\r\n\r\n"
    )
    .into_bytes()
}

/// Reads a request from all bytes that have arrived so far.
pub(super) fn understand(bytes: &[u8]) -> Request {
    let mut lines = [httparse::EMPTY_HEADER; HEAD_LINES];
    let mut head = httparse::Request::new(&mut lines);
    match head.parse(bytes) {
        Ok(httparse::Status::Partial) if bytes.len() < HEAD_BYTES => {
            return Request::Partial;
        }
        Ok(httparse::Status::Complete(size)) if size <= HEAD_BYTES => {}
        Ok(_) | Err(httparse::Error::TooManyHeaders) => {
            return problem("431 Request Header Fields Too Large");
        }
        Err(_) => return problem("400 Bad Request"),
    }
    let hosts =
        head.headers.iter().filter(|h| h.name.eq_ignore_ascii_case("host"));
    if head.version == Some(1) && hosts.count() != 1 {
        return problem("400 Bad Request");
    }
    let head_only = match head.method {
        Some("GET") => false,
        Some("HEAD") => true,
        _ => return problem("405 Method Not Allowed\r\nAllow: GET, HEAD"),
    };
    let refuse = |status| Request::Answer(reply(status, status, head_only));
    let path = head.path.unwrap_or_default();
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    if path == "/" {
        let help = "GET /bake/MILLISECONDS?dish=NUMBER&dough=HEX\n";
        return Request::Answer(reply("200 OK", help, head_only));
    }
    let Some(time) = path.strip_prefix("/bake/") else {
        return refuse("404 Not Found");
    };
    match read_order(time, query) {
        Some(order) => Request::Bake(Order { head_only, ..order }),
        None => refuse("400 Bad Request"),
    }
}

fn read_order(time: &str, query: &str) -> Option<Order> {
    let bake_ms = time.parse().ok().filter(|&ms| ms <= LONGEST_MS)?;
    let mut order = Order { bake_ms, ..Order::default() };
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        match pair.split_once('=')? {
            ("dish", number) => order.dish = number.parse().ok()?,
            ("dough", hex) => {
                order.dough = u64::from_str_radix(hex, 16).ok()?
            }
            _ => return None,
        }
    }
    Some(order)
}

/// The answer to a dish that is done.
pub(super) fn done(order: &Order) -> Vec<u8> {
    let golden = super::brown(order.dough, order.bake_ms);
    reply("200 OK", &format!("{golden:016x}\n"), order.head_only)
}

/// The answer to a dish that the oven has spoilt.
pub(super) fn burnt(order: &Order) -> Vec<u8> {
    reply("500 Internal Server Error", "burnt\n", order.head_only)
}

/// The answer to a client that takes too long to ask.
pub(super) fn too_late() -> Vec<u8> {
    reply("408 Request Timeout", "408 Request Timeout\n", false)
}

fn problem(status: &str) -> Request {
    let first = status.lines().next().unwrap_or_default();
    Request::Answer(reply(status, &format!("{first}\n"), false))
}

fn reply(status: &str, body: &str, head_only: bool) -> Vec<u8> {
    let length = body.len();
    let body = if head_only { "" } else { body };
    format!(
        "HTTP/1.1 {status}\r\n\
         Content-Type: text/plain\r\n\
         Content-Length: {length}\r\n\
         Connection: close\r\n\r\n\
         {body}"
    )
    .into_bytes()
}

/// What a cook reads from a reply: the golden number, or why there is none.
pub(crate) fn golden(bytes: &[u8]) -> Result<u64, String> {
    const CUT: &str = "the oven hung up before the answer was complete";
    let mut lines = [httparse::EMPTY_HEADER; HEAD_LINES];
    let mut head = httparse::Response::new(&mut lines);
    let body = match head.parse(bytes) {
        Ok(httparse::Status::Complete(size)) => &bytes[size..],
        Ok(httparse::Status::Partial) => return Err(CUT.into()),
        Err(error) => return Err(format!("not an oven's answer: {error}")),
    };
    let length = head
        .headers
        .iter()
        .find(|line| line.name.eq_ignore_ascii_case("content-length"))
        .and_then(|line| str::from_utf8(line.value).ok()?.parse().ok());
    if length.is_some_and(|length: usize| body.len() < length) {
        return Err(CUT.into());
    }
    if head.code != Some(200) {
        let (code, reason) =
            (head.code.unwrap_or(0), head.reason.unwrap_or(""));
        return Err(format!("the oven answered {code} {reason}"));
    }
    str::from_utf8(body)
        .ok()
        .and_then(|body| u64::from_str_radix(body.trim_end(), 16).ok())
        .ok_or_else(|| "the oven's answer is not a number".into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Menu;

    fn status(request: &[u8]) -> String {
        match understand(request) {
            Request::Answer(reply) => {
                String::from_utf8(reply).unwrap()[9..12].to_string()
            }
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn what_a_cook_sends_the_oven_understands() {
        let dish = Menu::Waiting.dishes(3)[2];
        let request = order(dish, 0xBEEF);
        for cut in 0..request.len() {
            assert_eq!(understand(&request[..cut]), Request::Partial);
        }
        let Request::Bake(order) = understand(&request) else {
            panic!("not an order");
        };
        assert_eq!((order.dish, order.dough), (3, 0xBEEF));
        assert_eq!(golden(&done(&order)), Ok(crate::oven::brown(0xBEEF, 80)));
        assert!(golden(&burnt(&order)).unwrap_err().contains("500"));
        let done = done(&order);
        for cut in 0..done.len() {
            assert!(golden(&done[..cut]).unwrap_err().contains("hung up"));
        }
    }

    #[test]
    fn what_the_oven_refuses() {
        let ask = |line: &str| {
            status(format!("{line}\r\nHost: a\r\n\r\n").as_bytes())
        };
        assert_eq!(ask("GET / HTTP/1.1"), "200");
        assert_eq!(ask("GET /soup HTTP/1.1"), "404");
        assert_eq!(ask("POST /bake/1 HTTP/1.1"), "405");
        assert_eq!(ask("GET /bake/60001 HTTP/1.1"), "400");
        assert_eq!(ask("GET /bake/-1 HTTP/1.1"), "400");
        assert_eq!(ask("GET /bake/1?dish HTTP/1.1"), "400");
        assert_eq!(ask("GET /bake/1?salt=2 HTTP/1.1"), "400");
        assert_eq!(ask("\x16\x03\x01\x02"), "400");
        assert_eq!(status(b"GET / HTTP/1.1\r\n\r\n"), "400", "no host");
        let long = format!("GET / HTTP/1.1\r\nHost: {}", "a".repeat(9_000));
        assert_eq!(status(long.as_bytes()), "431");
        let many = "a: b\r\n".repeat(65);
        assert_eq!(ask(&format!("GET / HTTP/1.1\r\n{many}a: b")), "431");
    }
}
