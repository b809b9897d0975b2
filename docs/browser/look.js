// What a person would see: run in a page by the test.

// Red, green, blue, and how opaque: of any colour that CSS can write.
const canvas = document.createElement("canvas");
canvas.width = canvas.height = 1;
const ink = canvas.getContext("2d", { willReadFrequently: true });
function rgba(colour) {
  ink.clearRect(0, 0, 1, 1);
  ink.fillStyle = colour;
  ink.fillRect(0, 0, 1, 1);
  const [r, g, b, a] = ink.getImageData(0, 0, 1, 1).data;
  return [r, g, b, a / 255];
}

const over = ([r, g, b, a], below) =>
  [r, g, b].map((part, n) => part * a + below[n] * (1 - a));

// What stands behind an element: its own background, over that of those
// around it.
function behind(element) {
  if (!element) return rgba(getComputedStyle(document.documentElement)
    .colorScheme === "dark" ? "#121212" : "#fff").slice(0, 3);
  const own = rgba(getComputedStyle(element).backgroundColor);
  return own[3] === 1 ? own.slice(0, 3) : over(own, behind(element.parentElement));
}

function opacity(element) {
  return element ? getComputedStyle(element).opacity * opacity(element.parentElement) : 1;
}

// Relative luminance and contrast ratio, as in WCAG 2.
const luminance = (colour) => colour
  .map((part) => part / 255)
  .map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
  .reduce((sum, part, n) => sum + part * [0.2126, 0.7152, 0.0722][n], 0);
function contrast(a, b) {
  const [dark, light] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (light + 0.05) / (dark + 0.05);
}

// Every text that can be seen, with too little contrast.
function pale(least) {
  const found = new Map();
  let seen = 0;
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement;
    const text = texts.currentNode.data.trim();
    if (!text || !element.checkVisibility({ visibilityProperty: true })) continue;
    if (element.closest(".unseen, script, style")) continue;
    const below = behind(element);
    const own = rgba(getComputedStyle(element).color);
    const ratio = contrast(over([...own.slice(0, 3), own[3] * opacity(element)], below), below);
    seen += 1;
    if (ratio < least) {
      found.set(`${element.localName}.${element.className}`,
        `${ratio.toFixed(2)}: ${text.slice(0, 30)}`);
    }
  }
  return { seen, pale: Object.fromEntries(found) };
}

// What reaches beyond the right edge of the page, unless a box scrolls it.
function overflow() {
  const wide = document.documentElement.scrollWidth - innerWidth;
  const elements = [...document.body.querySelectorAll("*")].filter((element) =>
    element.checkVisibility() &&
    !element.parentElement.closest(".box, .lane, .unseen") &&
    element.getBoundingClientRect().right > innerWidth + 1);
  return { wide, elements: elements.slice(0, 5).map((e) => e.outerHTML.slice(0, 120)) };
}

// How many colours a picture has: of every tenth pixel in both directions.
async function colours(png) {
  const picture = new Image();
  picture.src = "data:image/png;base64," + png;
  await picture.decode();
  const sheet = document.createElement("canvas");
  [sheet.width, sheet.height] = [picture.width, picture.height];
  const pen = sheet.getContext("2d", { willReadFrequently: true });
  pen.drawImage(picture, 0, 0);
  const { data } = pen.getImageData(0, 0, sheet.width, sheet.height);
  const found = new Set();
  for (let y = 0; y < sheet.height; y += 10) {
    for (let x = 0; x < sheet.width; x += 10) {
      const at = 4 * (y * sheet.width + x);
      found.add(data.slice(at, at + 3).join());
    }
  }
  return { width: picture.width, colours: found.size };
}
