"use strict";

// What was chosen before, where the browser keeps it.
const kept = {
  read(key) {
    try { return localStorage.getItem(key); } catch { return null; }
  },
  write(key, value) {
    try { localStorage.setItem(key, value); } catch { /* it is not kept */ }
  },
};

const root = document.documentElement;
const all = (what, where = document) => [...where.querySelectorAll(what)];

function setLanguage(language) {
  root.dataset.language = root.lang = language;
  for (const button of all("[data-choose]")) {
    button.setAttribute("aria-pressed", button.dataset.choose === language);
  }
  for (const option of all("option[data-en]")) {
    option.textContent = option.dataset[language];
  }
}

function setColours(colours) {
  root.dataset.colours = colours;
  document.getElementById("colours").value = colours;
}

for (const button of all("[data-choose]")) {
  button.addEventListener("click", () => {
    setLanguage(button.dataset.choose);
    kept.write("language", button.dataset.choose);
  });
}
document.getElementById("colours").addEventListener("change", (event) => {
  setColours(event.target.value);
  kept.write("colours", event.target.value);
});

const languages = all("[data-choose]").map((button) => button.dataset.choose);
const language = kept.read("language");
setLanguage(languages.includes(language) ? language : root.lang);
const colours = kept.read("colours");
setColours(["light", "dark"].includes(colours) ? colours : "");

const data = JSON.parse(document.getElementById("data").textContent);
