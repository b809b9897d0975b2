
const claims = all(".claim");
const answerButtons = all("button[data-answer]");
const search = document.getElementById("search");
const verdict = document.getElementById("verdict");

// What is searched: both languages, but neither sources nor outputs.
const texts = new Map(claims.map((claim) => {
  const parts = all("summary .says, summary .id, .facts, .program h3", claim);
  return [claim, parts.map((part) => part.textContent).join(" ").toLowerCase()];
}));

function filter() {
  const answers = answerButtons
    .filter((button) => button.getAttribute("aria-pressed") === "true")
    .map((button) => button.dataset.answer);
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const claim of claims) {
    const fits =
      (answers.length === 0 || answers.includes(claim.dataset.answer)) &&
      (verdict.value === "" || verdict.value === claim.dataset.verdict) &&
      words.every((word) => texts.get(claim).includes(word));
    claim.hidden = !fits;
    shown += fits;
  }
  for (const chapter of all(".chapter")) {
    chapter.hidden = all(".claim:not([hidden])", chapter).length === 0;
  }
  document.getElementById("shown").textContent = shown;
  document.getElementById("nothing").hidden = shown > 0;
}

for (const button of answerButtons) {
  button.addEventListener("click", () => {
    const pressed = button.getAttribute("aria-pressed") === "true";
    button.setAttribute("aria-pressed", !pressed);
    filter();
  });
}
search.addEventListener("input", filter);
verdict.addEventListener("change", filter);
document.getElementById("reset").addEventListener("click", () => {
  for (const button of answerButtons) button.setAttribute("aria-pressed", false);
  search.value = verdict.value = "";
  filter();
});

// `#T5` opens this claim.
function open() {
  const claim = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!claim?.classList.contains("claim")) return;
  claim.open = true;
  claim.scrollIntoView();
}
addEventListener("hashchange", open);
open();
