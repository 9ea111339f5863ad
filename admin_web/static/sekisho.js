// The live page: what is new is fetched as HTML in the reader's language when the stream says that there is something.
// A hidden tab gives its seat back; when every seat is taken the page looks by itself, a little slower.
"use strict";
const stream = document.getElementById("stream");
if (stream) {
  const feed = document.getElementById("feed");
  const shown = document.getElementById("now");
  const most = 100;
  const page = 25;
  const slowly = 5000;
  let newest = Number(stream.dataset.head);
  let alarm = Number(document.getElementById("told").dataset.alarm);
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
    if (rows.length) document.querySelector("#feed-empty")?.remove();
    return rows.length;
  };
  // Only what differs is replaced, so that nobody loses a note half typed, a focus or a place on the page.
  const same = (old, fresh) => old.isEqualNode(fresh)
    || (fresh.dataset.is !== undefined && (old.dataset.is === fresh.dataset.is || old.contains(document.activeElement)));
  const merged = (old, fresh) => {
    const kept = new Map([...old.children].map((child) => [child.id, child]));
    const children = [...fresh.children].map((child) => {
      const before = kept.get(child.id);
      if (!before || same(before, child)) return before ?? child;
      const alike = child.getAttribute("class") === before.getAttribute("class");  // of SVG, className is an object
      return child.dataset.merge === undefined || !alike ? child : merged(before, child);
    });
    for (const child of [...old.children]) if (!children.includes(child)) child.remove();
    children.forEach((child, place) => {
      if (old.children[place] !== child) old.insertBefore(child, old.children[place] ?? null);
    });
    return old;
  };
  const look = async () => {
    const fresh = document.createElement("div");
    fresh.innerHTML = await fetched(stream.dataset.now);
    merged(shown, fresh);
    const told = document.getElementById("told").dataset;
    document.title = told.title;
    if (Number(told.alarm) > alarm) document.dispatchEvent(new Event("sekisho:alarm"));
    alarm = Math.max(alarm, Number(told.alarm));
  };
  const refresh = async () => {
    if (busy) { again = true; return; }
    busy = true;
    try {
      do {
        again = false;
        again = (await read()) >= page || again;
        await look();
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
