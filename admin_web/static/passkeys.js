// Passkeys: asks the server what to ask the browser, and sends the browser's answer with the form.
"use strict";
for (const form of document.querySelectorAll("form[data-passkey]")) {
  if (!window.PublicKeyCredential?.parseRequestOptionsFromJSON) continue;
  form.hidden = false;
  const answer = form.querySelector("input[name=passkey], input[name=confirm_passkey]");
  const failed = form.querySelector("[role=alert]");
  const options = async () => {
    const body = new URLSearchParams({ csrf_token: form.elements.csrf_token.value });
    const told = await fetch(form.dataset.options, { method: "POST", body, redirect: "error" });
    // The sign-in is older than a dangerous act may be: the page asks for it again, and then this one is back.
    if (told.status === 401) { location.assign("/account/confirm"); throw new Error("401"); }
    if (!told.ok) throw new Error(String(told.status));
    return told.json();
  };
  const asked = async () => {
    const publicKey = await options();
    return form.dataset.passkey === "create"
      ? navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(publicKey) })
      : navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(publicKey) });
  };
  form.addEventListener("submit", async (event) => {
    if (answer.value) return;
    event.preventDefault();
    failed.hidden = true;
    try {
      answer.value = JSON.stringify((await asked()).toJSON());
      form.submit();
    } catch { failed.hidden = false; }
  });
}
