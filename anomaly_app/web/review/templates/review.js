"use strict";
// Keys for the pages of the review. Everything also works with the mouse, and without scripts.

const rows = [...document.querySelectorAll("tr[data-id]")];
const answer = document.getElementById("answer");
const said = document.getElementById("said");
let here = 0;
const labelled = [];

function say(text) {
  said.textContent = text;
}

function move(place) {
  if (!rows.length) return;
  rows[here].classList.remove("here");
  here = Math.max(0, Math.min(rows.length - 1, place));
  rows[here].classList.add("here");
  rows[here].scrollIntoView({ block: "nearest" });
}

async function post(path, fields) {
  const response = await fetch(path, {
    method: "POST",
    headers: { Accept: "application/json" },
    body: new URLSearchParams(fields),
  });
  const found = await response.json();
  if (!response.ok) throw new Error(found.error);
  return found;
}

function mark(cell, verdict) {
  const label = document.createElement("span");
  label.className = "label " + verdict;
  label.textContent = verdict;
  cell.replaceChildren(label);
}

function labelRow(verdict) {
  const row = rows[here];
  if (!row || row.classList.contains("done") || !row.querySelector("form")) return;
  const cell = row.querySelector(".verdict");
  const before = cell.firstElementChild;
  const back = () => {
    row.classList.remove("done");
    cell.replaceChildren(before);
    move(rows.indexOf(row));
  };
  row.classList.add("done");
  mark(cell, verdict);
  move(here + 1);
  const kept = post("/review/labels", { anomaly: row.dataset.id, verdict }).then(
    (found) => found.id,
    (fault) => {
      back();
      say(fault.message);
    },
  );
  labelled.push({ kept, back });
}

async function undoRow() {
  const last = labelled.pop();
  const said = last && (await last.kept);
  if (!said) return;
  try {
    await post("/review/undo", { said });
    last.back();
    say("taken back");
  } catch (fault) {
    labelled.push(last);
    say(fault.message);
  }
}

function click(selector) {
  const found = document.querySelector(selector);
  if (found) found.click();
}

const onRows = {
  j: () => move(here + 1),
  ArrowDown: () => move(here + 1),
  k: () => move(here - 1),
  ArrowUp: () => move(here - 1),
  Enter: () => rows.length && location.assign(rows[here].dataset.href),
  f: () => labelRow("fraud"),
  e: () => labelRow("expected"),
  u: undoRow,
  n: () => click("a[rel=next]"),
};

const onOne = {
  f: () => click("#answer [value=fraud]"),
  e: () => click("#answer [value=expected]"),
  n: () => click("#next"),
  u: () => click(".undo button"),
  b: () => history.back(),
};

document.addEventListener("keydown", (event) => {
  const target = event.target;
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  if (target.matches("input, select, textarea")) {
    if (event.key === "Escape") target.blur();
    return;
  }
  if (event.key === "Enter" && target.matches("a, button")) return;
  const action = (document.getElementById("next") ? onOne : onRows)[event.key];
  if (action) {
    event.preventDefault();
    action();
  }
});

move(0);
