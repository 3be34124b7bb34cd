"use strict";
const VERDICTS = { a: "agree", w: "wrong", n: "not evaluable" };
const PREFIX = "vertebral-fractures " + COHORT + " ";
const memory = new Map();
const cards = [];
let current = -1;

function readVerdict(name) {
  try {
    const kept = localStorage.getItem(PREFIX + name);
    return kept === null ? memory.get(name) || null : JSON.parse(kept);
  } catch (error) {
    return memory.get(name) || null;
  }
}

function keepVerdict(name, verdict) {
  const kept = verdict === null ? null : { verdict: verdict, time: new Date().toISOString() };
  memory.set(name, kept);
  try {
    if (kept === null) localStorage.removeItem(PREFIX + name);
    else localStorage.setItem(PREFIX + name, JSON.stringify(kept));
  } catch (error) {
    document.getElementById("kept").textContent =
      "This browser keeps nothing for this page: export the verdicts before you close it.";
  }
}

function element(tag, properties, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

function makeCard(entry, index) {
  const link = entry.report === null ? entry.id : element("a", { href: entry.report, textContent: entry.id });
  const card = element("article", { className: "case" }, element("h2", {}, link));
  card.dataset.name = entry.name;
  if (entry.grade !== null) card.classList.add("grade-" + entry.grade);
  if (entry.thumbnail === null) {
    card.append(element("div", { className: "none", textContent: entry.status }));
  } else {
    const image = element("img", { loading: "lazy", src: entry.thumbnail, alt: "straightened spine" });
    card.append(entry.report === null ? image : element("a", { href: entry.report }, image));
  }
  const tags = element("p", { className: "kinds" });
  for (const kind of entry.kinds) tags.append(element("span", { textContent: kind }));
  card.append(tags, element("p", { textContent: entry.text }));
  if (entry.disagreement !== null) card.append(element("p", { textContent: "Disagreement at " + entry.disagreement }));
  if (entry.warnings !== null) card.append(element("p", {}, element("small", { textContent: entry.warnings })));
  const buttons = element("p", { className: "verdicts" });
  for (const verdict of Object.values(VERDICTS)) {
    const button = element("button", { type: "button", textContent: verdict });
    button.addEventListener("click", () => decide(index, verdict));
    buttons.append(button);
  }
  card.append(buttons);
  card.addEventListener("mousedown", () => select(index, false));
  return card;
}

function showVerdict(index) {
  const kept = readVerdict(ENTRIES[index].name);
  for (const button of cards[index].querySelectorAll(".verdicts button")) {
    button.setAttribute("aria-pressed", String(kept !== null && kept.verdict === button.textContent));
  }
}

function decide(index, verdict) {
  const kept = readVerdict(ENTRIES[index].name);
  const isTakenBack = verdict === null || (kept !== null && kept.verdict === verdict);
  keepVerdict(ENTRIES[index].name, isTakenBack ? null : verdict);
  showVerdict(index);
  showCount();
}

function isWanted(entry) {
  const kinds = new Set([...document.querySelectorAll("input[name=kind]:checked")].map((box) => box.value));
  const words = document.getElementById("search").value.toLowerCase();
  const wanted = document.getElementById("verdict-filter").value;
  const kept = readVerdict(entry.name);
  const verdict = kept === null ? "none" : kept.verdict;
  const text = [entry.id, entry.name, entry.text, entry.disagreement, entry.warnings].join(" ").toLowerCase();
  return entry.kinds.some((kind) => kinds.has(kind)) && (!wanted || wanted === verdict) && text.includes(words);
}

function filter() {
  ENTRIES.forEach((entry, index) => { cards[index].hidden = !isWanted(entry); });
  if (current < 0 || cards[current].hidden) select(cards.findIndex((card) => !card.hidden), false);
  showCount();
}

function showCount() {
  const shown = cards.filter((card) => !card.hidden).length;
  const decided = ENTRIES.filter((entry) => readVerdict(entry.name) !== null).length;
  document.getElementById("shown").textContent =
    shown + " of " + ENTRIES.length + " cases shown, " + decided + " with a verdict";
}

function select(index, scroll) {
  if (current >= 0) cards[current].classList.remove("current");
  current = index;
  if (index < 0) return;
  cards[index].classList.add("current");
  if (scroll) cards[index].scrollIntoView({ block: "nearest" });
}

function step(by) {
  const shown = cards.map((card, index) => index).filter((index) => !cards[index].hidden);
  if (shown.length === 0) return;
  const place = shown.indexOf(current) + by;
  select(shown[Math.min(Math.max(place, 0), shown.length - 1)], true);
}

function columns() {
  const shown = cards.filter((card) => !card.hidden);
  return Math.max(1, shown.filter((card) => card.offsetTop === shown[0].offsetTop).length);
}

function verdictsCsv() {
  const quoted = (text) => '"' + String(text).replaceAll('"', '""') + '"';
  const rows = [["case", "id", "verdict", "time"]];
  for (const entry of ENTRIES) {
    const kept = readVerdict(entry.name);
    if (kept !== null) rows.push([entry.name, entry.id, kept.verdict, kept.time]);
  }
  return "\ufeff" + rows.map((row) => row.map(quoted).join(",") + "\r\n").join("");
}

function exportVerdicts() {
  const url = URL.createObjectURL(new Blob([verdictsCsv()], { type: "text/csv" }));
  const link = element("a", { href: url, download: "verdicts.csv" });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || /^(INPUT|SELECT)$/.test(event.target.tagName)) return;
  const steps = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns(), ArrowUp: -columns() };
  if (event.key in steps) step(steps[event.key]);
  else if (current < 0) return;
  else if (event.key === "Backspace") decide(current, null);
  else if (event.key.toLowerCase() in VERDICTS) decide(current, VERDICTS[event.key.toLowerCase()]);
  else if (event.key === "Enter" && event.target === document.body && ENTRIES[current].report !== null)
    window.open(ENTRIES[current].report);
  else return;
  event.preventDefault();
});

ENTRIES.forEach((entry, index) => cards.push(makeCard(entry, index)));
document.getElementById("cases").append(...cards);
cards.forEach((card, index) => showVerdict(index));
for (const box of document.querySelectorAll("input[name=kind]")) box.addEventListener("change", filter);
document.getElementById("verdict-filter").addEventListener("change", filter);
document.getElementById("search").addEventListener("input", filter);
document.getElementById("export").addEventListener("click", exportVerdicts);
filter();
