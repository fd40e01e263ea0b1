// Passkeys (WebAuthn, level 2). A form with data-passkey says what is wanted of it; its options stand in the page, or
// are asked for (sign-in). What the device answers goes into the field `credential`, and the form goes on its way.
(() => {
  "use strict";
  if (!window.PublicKeyCredential || !navigator.credentials) return;

  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (each) => each.charCodeAt(0));
  const text = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

  // The options as JSON to what the browser wants: identifiers and the challenge are bytes.
  const readable = (options) => {
    const key = { ...options.publicKey, challenge: bytes(options.publicKey.challenge) };
    const named = (list) => list && list.map((each) => ({ ...each, id: bytes(each.id) }));
    if (key.user) key.user = { ...key.user, id: bytes(key.user.id) };
    if (key.excludeCredentials) key.excludeCredentials = named(key.excludeCredentials);
    if (key.allowCredentials) key.allowCredentials = named(key.allowCredentials);
    return { publicKey: key };
  };

  // And back.
  const written = (credential) => {
    const said = credential.response;
    const response = { clientDataJSON: text(said.clientDataJSON) };
    for (const name of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
      if (said[name]) response[name] = text(said[name]);
    }
    if (said.getTransports) response.transports = said.getTransports();
    return JSON.stringify({
      id: credential.id, rawId: text(credential.rawId), type: credential.type, response,
      clientExtensionResults: credential.getClientExtensionResults(),
      authenticatorAttachment: credential.authenticatorAttachment,
    });
  };

  const inPage = () => JSON.parse(document.getElementById("passkey-options").textContent);
  const asked = async (form) => {
    const answer = await fetch(form.action, { headers: { Accept: "application/json", "X-Requested-With": "XMLHttpRequest" } });
    return (await answer.json()).request_options;
  };

  // Always one that can sign in by itself: kept on the device, opened by its owner.
  const made = (options) => {
    const key = options.publicKey;
    key.authenticatorSelection = {
      ...key.authenticatorSelection, residentKey: "required", requireResidentKey: true, userVerification: "required",
    };
    return navigator.credentials.create(readable(options));
  };

  const go = async (form) => {
    const trouble = form.querySelector("[data-passkey-trouble]");
    if (trouble) trouble.hidden = true;
    try {
      const options = form.dataset.passkey === "sign-in" ? await asked(form) : inPage();
      const credential = form.dataset.passkey === "add" ? await made(options) : await navigator.credentials.get(readable(options));
      form.elements.credential.value = written(credential);
      form.submit();
    } catch (error) {
      // The person called it off, or the device would not: said on the page, so that another way can be taken.
      if (trouble) { trouble.hidden = false; trouble.setAttribute("role", "alert"); }
      console.info("passkey:", error.name);
    }
  };

  for (const form of document.querySelectorAll("form[data-passkey]")) {
    form.hidden = false;
    const button = form.querySelector("[data-passkey-use]");
    if (button) {
      button.hidden = false;
      button.addEventListener("click", () => go(form));
    } else {
      form.addEventListener("submit", (event) => { event.preventDefault(); go(form); });
    }
  }
})();
