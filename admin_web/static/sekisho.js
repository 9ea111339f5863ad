// The live page: what is new is fetched as HTML in the reader's language when the stream says that there is something.
// A hidden tab gives its seat back; when every seat is taken the page looks by itself, a little slower.
"use strict";
const stream = document.getElementById("stream");
if (stream) {
  const feed = document.getElementById("feed");
  const doors = document.getElementById("doors");
  const most = 100;
  const page = 25;
  const slowly = 5000;
  let newest = Number(stream.dataset.head);
  let busy = false;
  let again = false;
  let source = null;
  let retry = 0;
  const say = (word, good) => {
    if (stream.textContent !== word) stream.textContent = word;
    stream.className = good ? "state good" : "state bad";
  };
  const fetched = async (address) => {
    const answer = await fetch(address, { headers: { "HX-Request": "true" } });
    const elsewhere = answer.headers.get("HX-Redirect");
    if (elsewhere) location.assign(elsewhere);
    if (!answer.ok || answer.status === 204) throw new Error(String(answer.status));
    return answer.text();
  };
  const read = async () => {
    const body = document.createElement("tbody");
    body.innerHTML = await fetched(`${stream.dataset.feed}?after=${newest}`);
    const rows = [...body.querySelectorAll("tr")].filter((row) => Number(row.dataset.sequence) > newest);
    for (const row of rows) {
      newest = Math.max(newest, Number(row.dataset.sequence));
      row.classList.add("fresh");
    }
    feed.prepend(...rows);
    while (feed.rows.length > most) feed.lastElementChild.remove();
    if (rows.length) document.querySelector("main .empty")?.remove();
    return rows.length;
  };
  const refresh = async () => {
    if (busy) { again = true; return; }
    busy = true;
    try {
      do {
        again = (await read()) >= page;
        const html = await fetched(stream.dataset.doors);
        const held = doors.contains(document.activeElement) ? document.activeElement.form?.action : null;
        doors.innerHTML = html;
        if (held) [...doors.querySelectorAll("form")].find((form) => form.action === held)?.querySelector("button").focus();
      } while (again);
    } catch { say(stream.dataset.lost, false); } finally { busy = false; }
  };
  const watch = () => {
    clearTimeout(retry);
    source?.close();
    source = new EventSource(`${stream.dataset.stream}?after=${newest}`);
    source.addEventListener("open", () => say(stream.dataset.live, true));
    source.addEventListener("fact", refresh);
    source.addEventListener("change", refresh);
    source.addEventListener("error", () => {
      const refused = source.readyState === EventSource.CLOSED;
      say(refused ? stream.dataset.slow : stream.dataset.lost, false);
      if (refused) retry = setTimeout(() => { refresh(); watch(); }, slowly);
    });
  };
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) { clearTimeout(retry); source?.close(); } else { refresh(); watch(); }
  });
  setInterval(() => { if (!document.hidden) refresh(); }, 20000);
  watch();
}
