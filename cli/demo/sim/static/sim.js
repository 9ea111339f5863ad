// Shows what the bench says, and sends what is clicked. The picture is never guessed: it comes back from the wires.
const words = JSON.parse(document.getElementById("words").textContent);
const token = document.querySelector('meta[name="sim-token"]').content;
const said = document.getElementById("said");

function tell(code) {
  said.textContent = words[code] ?? code;
}

async function send(deed) {
  try {
    const answer = await fetch("/sim/do", {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-Sim-Token": token },
      body: JSON.stringify(deed),
    });
    const body = await answer.json();
    tell(answer.ok ? "done" : (body.error ?? "refused"));
  } catch {
    tell("not-live");
  }
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-do]");
  if (!button) return;
  const deed = { do: button.dataset.do, at: button.dataset.at };
  if (deed.do === "present") deed.card = document.getElementById("card").value;
  if (button.dataset.toggle) deed.on = button.dataset.is !== "1";
  send(deed);
});

function toggle(button, on) {
  button.disabled = false;
  button.dataset.is = on ? "1" : "0";
  button.textContent = on ? button.dataset.off : button.dataset.on;
}

function flag(place, name, on) {
  place.querySelector(`[data-flag="${name}"]`).hidden = !on;
}

function tellStates(place, values) {
  for (const text of place.querySelectorAll("[data-shown]")) {
    text.textContent = values[text.dataset.shown] ? text.dataset.yes : text.dataset.no;
  }
}

function showDoor(name, door) {
  const article = document.getElementById(`door-${name}`);
  for (const part of ["open", "released", "fire", "break-glass"]) article.classList.toggle(part, Boolean(door[part]));
  tellStates(article, door);
  for (const part of ["break-glass", "fire", "tamper"]) {
    toggle(article.querySelector(`.deeds [data-toggle="${part}"]`), door[part]);
    flag(article, part, door[part]);
  }
  flag(article, "line", Object.values(door.lines).some((state) => state !== "normal"));
  for (const button of article.querySelectorAll(".lines button")) {
    toggle(button, door.lines[button.dataset.at] === button.dataset.toggle);
  }
  for (const [id, point] of Object.entries(door.points)) {
    const reader = document.getElementById(`point-${id}`);
    flag(reader, "cut", point.cut);
    for (const button of reader.querySelectorAll("[data-toggle]")) toggle(button, point[button.dataset.toggle]);
    for (const lamp of ["green", "red", "buzzer"]) {
      reader.querySelector(`.lamp.${lamp}`).classList.toggle("lit", Boolean(point[lamp]));
    }
  }
}

function show(picture) {
  for (const [name, door] of Object.entries(picture.doors)) showDoor(name, door);
  for (const [name, agent] of Object.entries(picture.agents)) {
    const line = document.getElementById(`agent-${name}`);
    tellStates(line, agent);
    for (const article of document.querySelectorAll(`article[data-agent="${name}"]`)) {
      flag(article, "no-power", !agent.power);
      flag(article, "no-network", !agent.network);
    }
    for (const what of ["power", "network"]) toggle(line.querySelector(`[data-toggle="${what}"]`), agent[what]);
  }
}

const live = new EventSource("/sim/events");
live.addEventListener("picture", (event) => show(JSON.parse(event.data)));
live.addEventListener("error", () => tell("not-live"));
live.addEventListener("open", () => { if (said.textContent === words["not-live"]) tell("live"); });
