
// Tables: a heading is a button that sorts all of them.
const value = (row, column) => {
  const text = row.cells[column]?.textContent.trim() ?? "";
  return column > 0 ? parseFloat(text) : text;
};

function compareRows(a, b, column, sign) {
  const [x, y] = [value(a, column), value(b, column)];
  // What has no figure stands below the others, in any order.
  if (Number.isNaN(x) || Number.isNaN(y)) return Number.isNaN(x) - Number.isNaN(y);
  return sign * (column > 0 ? x - y : x.localeCompare(y));
}

function sortBy(column) {
  const heading = document.querySelector("thead tr").cells[column];
  const ascending = heading.getAttribute("aria-sort") !== "ascending";
  for (const table of all("table")) {
    for (const th of table.tHead.rows[0].cells) th.removeAttribute("aria-sort");
    table.tHead.rows[0].cells[column].setAttribute(
      "aria-sort", ascending ? "ascending" : "descending");
    const body = table.tBodies[0];
    const rows = [...body.rows];
    rows.sort((a, b) => compareRows(a, b, column, ascending ? 1 : -1));
    body.append(...rows);
  }
}

for (const table of all("table")) {
  [...table.tHead.rows[0].cells].forEach((th, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...th.childNodes);
    button.addEventListener("click", () => sortBy(column));
    th.append(button);
  });
}

// One menu or all of them.
const menuButtons = all("button[data-menu]");
const menuSelect = document.getElementById("menu");

function showMenu(menu) {
  for (const button of menuButtons) {
    button.setAttribute("aria-pressed", button.dataset.menu === menu);
  }
  for (const block of all(".menu")) {
    block.hidden = menu !== "" && block.dataset.menu !== menu;
  }
}

for (const button of menuButtons) {
  button.addEventListener("click", () => {
    showMenu(button.dataset.menu);
    if (button.dataset.menu !== "") menuSelect.value = button.dataset.menu;
    showPair();
  });
}

// Two programs: their timelines on one axis.
const leftSelect = document.getElementById("left");
const rightSelect = document.getElementById("right");
const figures = all(".timeline");

function showTimelines(places, menu) {
  const shown = places.map((place) => figures.find((figure) =>
    figure.dataset.program === place && figure.dataset.menu === menu));
  for (const figure of figures) figure.hidden = !shown.includes(figure);
  const ends = shown.map((figure) => Number(figure?.dataset.end ?? 0));
  const end = Math.max(...ends.filter(Number.isFinite));
  for (const figure of new Set(shown)) {
    if (!figure) continue;
    figure.parentNode.append(figure); // the left one above the right one
    figure.style.setProperty("--end", end);
    all(".axis span", figure).forEach((span, quarter) => {
      span.textContent = end * quarter / 4;
    });
  }
}

// ... and their sources side by side.
const element = (kind, classes, ...children) => {
  const made = document.createElement(kind);
  made.className = classes;
  made.append(...children);
  return made;
};

function marked(text, words) {
  if (words === undefined) return [text];
  const pieces = [];
  let done = 0;
  for (const [from, to] of words) {
    pieces.push(text.slice(done, from));
    pieces.push(element("mark", "", text.slice(from, to)));
    done = to;
  }
  return [...pieces, text.slice(done)];
}

function side(lines, number, words, classes) {
  if (number === undefined) return element("div", classes + " empty");
  const text = lines[number - 1];
  return element("div", classes, element("span", "number", String(number)),
    element("span", "text", ...marked(text, words)));
}

function twins(names, sources, entries) {
  const grid = element("div", "grid");
  grid.append(element("div", "row title", element("div", "side left gone", names[0]),
    element("div", "side right new", names[1])));
  let block = null;
  for (const entry of entries) {
    if (Array.isArray(entry)) {
      const [left, right, count] = entry;
      for (let n = 0; n < count; n += 1) {
        grid.append(element("div", "row",
          side(sources[0], left + n, undefined, "side left"),
          side(sources[1], right + n, undefined, "side right same")));
      }
      block = null;
      continue;
    }
    // On a narrow page, lines that have nothing in common stand in blocks.
    if (entry.lw) block = null;
    if (block === null) grid.append(block = element("div", "block"));
    block.append(element("div", "row",
      side(sources[0], entry.l, entry.lw, "side left gone"),
      side(sources[1], entry.r, entry.rw, "side right new")));
    if (entry.lw) block = null;
  }
  return grid;
}

// A pair stands in the data once; the other way round, sides change places.
function entriesOf(left, right) {
  if (left < right) return data.pairs[`${left}-${right}`];
  return data.pairs[`${right}-${left}`].map((entry) => Array.isArray(entry)
    ? [entry[1], entry[0], entry[2]]
    : { l: entry.r, lw: entry.rw, r: entry.l, rw: entry.lw });
}

function showTwins(left, right) {
  const sources = [left, right].map((place) =>
    document.getElementById(`source-${place}`)?.textContent.split("\n"));
  const known = !sources.includes(undefined);
  const box = document.getElementById("twins");
  document.getElementById("same").hidden = left !== right;
  document.getElementById("unknown").hidden = known || left === right;
  box.hidden = !known || left === right;
  if (box.hidden) return;
  const names = [leftSelect, rightSelect].map((s) => s.selectedOptions[0].text);
  box.replaceChildren(twins(names, sources, entriesOf(left, right)));
}

function showPair() {
  const places = [leftSelect.value, rightSelect.value];
  showTimelines(places, menuSelect.value);
  showTwins(...places.map(Number));
}

// The address keeps what is chosen, so that it can be passed on.
const selects = { left: leftSelect, right: rightSelect, menu: menuSelect };
const chosen = (select) =>
  select === menuSelect ? select.value : select.selectedOptions[0].text;

function choose() {
  const wanted = new URLSearchParams(location.hash.slice(1));
  for (const [key, select] of Object.entries(selects)) {
    const option = [...select.options].find((option) => wanted.get(key) ===
      (select === menuSelect ? option.value : option.text));
    if (option) select.value = option.value;
  }
  showPair();
}

for (const select of Object.values(selects)) {
  select.addEventListener("change", () => {
    const address = Object.entries(selects).map(([key, s]) => [key, chosen(s)]);
    history.replaceState(null, "", "#" + new URLSearchParams(address));
    showPair();
  });
}
addEventListener("hashchange", choose);
choose();
