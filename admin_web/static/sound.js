// The sound of a new alarm on the live page: two tones that the browser makes itself, only after somebody switched it on.
// Browsers let a page sound once somebody has used it: until then the button says so, and nothing is lost but the sound.
"use strict";
{
  const button = document.getElementById("sound");
  const kept = "sekisho-sound";
  const tones = [[880, 0], [660, 0.22]];
  let context = null;
  const isOn = () => localStorage.getItem(kept) === "on";
  const show = () => {
    const { on, off, waits } = button.dataset;
    button.setAttribute("aria-pressed", String(isOn()));
    button.textContent = !isOn() ? off : context?.state === "running" ? on : waits;
  };
  const wake = async () => {
    if (!isOn()) return;
    if (!context) {
      context = new AudioContext();
      context.addEventListener("statechange", show);
    }
    if (context.state !== "running" && navigator.userActivation?.hasBeenActive) await context.resume();
    show();
  };
  const sound = () => {
    if (!isOn() || context?.state !== "running") return;
    for (const [pitch, after] of tones) {
      const tone = context.createOscillator();
      const volume = context.createGain();
      const from = context.currentTime + after;
      tone.frequency.value = pitch;
      volume.gain.setValueAtTime(0.2, from);
      volume.gain.exponentialRampToValueAtTime(0.001, from + 0.2);
      tone.connect(volume).connect(context.destination);
      tone.start(from);
      tone.stop(from + 0.2);
    }
  };
  if (button) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      localStorage.setItem(kept, isOn() ? "off" : "on");
      show();
      await wake();
      sound();
    });
    document.addEventListener("pointerdown", wake);
    document.addEventListener("keydown", wake);
    document.addEventListener("sekisho:alarm", sound);
    show();
    wake();
  }
}
