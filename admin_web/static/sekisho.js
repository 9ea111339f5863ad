// The live page: what is new is fetched as HTML in the reader's language when the stream says that there is something.
"use strict";
const stream = document.getElementById("stream");
if (stream) {
  const feed = document.getElementById("feed");
  const doors = document.getElementById("doors");
  const most = 100;
  let newest = Number(stream.dataset.head);
  let busy = false;
  let again = false;
  const say = (live) => {
    stream.textContent = live ? stream.dataset.live : stream.dataset.lost;
    stream.className = live ? "state good" : "state bad";
  };
  const fetched = async (address) => {
    const answer = await fetch(address, { headers: { "HX-Request": "true" } });
    if (!answer.ok || answer.status === 204) throw new Error(String(answer.status));
    return answer.text();
  };
  const refresh = async () => {
    if (busy) { again = true; return; }
    busy = true;
    try {
      do {
        again = false;
        const rows = document.createElement("tbody");
        rows.innerHTML = await fetched(`${stream.dataset.feed}?after=${newest}`);
        for (const row of rows.querySelectorAll("tr")) {
          newest = Math.max(newest, Number(row.dataset.sequence));
          row.classList.add("fresh");
        }
        feed.prepend(...rows.querySelectorAll("tr"));
        while (feed.rows.length > most) feed.lastElementChild.remove();
        doors.innerHTML = await fetched(stream.dataset.doors);
      } while (again);
    } catch { say(false); } finally { busy = false; }
  };
  const source = new EventSource(`${stream.dataset.stream}?after=${newest}`);
  source.addEventListener("open", () => say(true));
  source.addEventListener("error", () => say(false));
  source.addEventListener("fact", refresh);
  source.addEventListener("change", refresh);
  setInterval(refresh, 20000);
}
