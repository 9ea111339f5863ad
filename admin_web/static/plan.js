// Places on a floor plan: a mark is dragged, or follows the numbers that are typed. Both only fill in the form.
"use strict";
const form = document.querySelector("form.plan-form");
if (form) {
  const far = 1000;
  const drawing = form.querySelector("svg.plan");
  const unsaved = form.querySelector(".plan-unsaved");
  const { width, height } = drawing.viewBox.baseVal;
  const field = (axis, mark) => form.elements[`${axis}-${mark.dataset.thing}`];
  const bounded = (value) => Math.round(Math.min(far, Math.max(0, value)));
  const follow = (mark) => {
    const [x, y] = [field("x", mark), field("y", mark)];
    const shown = x.value !== "" && y.value !== "" && x.validity.valid && y.validity.valid;
    mark.setAttribute("visibility", shown ? "visible" : "hidden");
    mark.setAttribute("transform", `translate(${Number(x.value) * width / far} ${Number(y.value) * height / far})`);
    unsaved.textContent = unsaved.dataset.said;
  };
  const drag = (mark, event) => {
    const box = drawing.getBoundingClientRect();
    field("x", mark).value = bounded((event.clientX - box.left) * far / box.width);
    field("y", mark).value = bounded((event.clientY - box.top) * far / box.height);
    follow(mark);
  };
  for (const mark of drawing.querySelectorAll(".plan-mark")) {
    for (const axis of ["x", "y"]) field(axis, mark).addEventListener("input", () => follow(mark));
    mark.addEventListener("pointerdown", (event) => {
      mark.setPointerCapture(event.pointerId);
      event.preventDefault();
    });
    mark.addEventListener("pointermove", (event) => { if (mark.hasPointerCapture(event.pointerId)) drag(mark, event); });
  }
  const chosen = form.querySelector(".plan-chosen bdi");
  for (const choice of form.querySelectorAll("input[name=mark]")) {
    choice.addEventListener("change", () => { chosen.textContent = choice.parentElement.querySelector("bdi").textContent; });
  }
  drawing.classList.add("plan-movable");
  form.querySelector(".plan-drag").hidden = false;
}
