// Speaks with the browser's authenticator and sends what that says in an ordinary form. It is text here, as the style sheet is; it uses no API that Trusted
// Types guard. A page is whole without it: it only shows the forms that need it.

export const passkeyScript = `
const toBytes = (text) => Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), (letter) => letter.charCodeAt(0));
const toText = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\\+/g, '-').replace(/\\//g, '_').replace(/=+$/, '');
const withBytes = (list) => (list || []).map((one) => ({ ...one, id: toBytes(one.id) }));

function askedOf(kind, options) {
  const challenge = toBytes(options.challenge);
  if (kind === 'get') return { ...options, challenge, allowCredentials: withBytes(options.allowCredentials) };
  const user = { ...options.user, id: toBytes(options.user.id) };
  return { ...options, challenge, user, excludeCredentials: withBytes(options.excludeCredentials) };
}

function answerOf({ id, rawId, type, authenticatorAttachment, response }) {
  const said = { clientDataJSON: toText(response.clientDataJSON) };
  if (response.attestationObject) {
    said.attestationObject = toText(response.attestationObject);
    said.transports = response.getTransports ? response.getTransports() : [];
  } else {
    said.authenticatorData = toText(response.authenticatorData);
    said.signature = toText(response.signature);
    if (response.userHandle) said.userHandle = toText(response.userHandle);
  }
  return JSON.stringify({ id, rawId: toText(rawId), type, authenticatorAttachment, clientExtensionResults: {}, response: said });
}

class PasskeyForm {
  constructor(form) {
    this.form = form;
    this.kind = form.dataset.passkey;
    this.options = JSON.parse(form.dataset.options);
    this.button = form.querySelector('button');
    this.waiting = undefined;
    form.hidden = false;
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.press();
    });
    if (form.dataset.again) setInterval(() => this.renew(), Number(form.dataset.againMs));
    window.addEventListener('pageshow', (event) => {
      if (event.persisted) this.renew();
    });
    this.offer();
  }

  say(reason) {
    for (const line of this.form.querySelectorAll('[data-problem]')) line.hidden = line.dataset.problem !== reason;
  }

  stop() {
    if (this.waiting) this.waiting.abort();
    this.waiting = undefined;
  }

  async ask(extra) {
    this.stop();
    const waiting = new AbortController();
    this.waiting = waiting;
    const publicKey = askedOf(this.kind, this.options);
    const credential = await navigator.credentials[this.kind]({ publicKey, signal: waiting.signal, ...extra });
    this.send(credential);
  }

  send(credential) {
    this.form.elements.answer.value = answerOf(credential);
    this.button.disabled = true;
    this.form.submit();
  }

  async press() {
    this.say('');
    this.button.disabled = true;
    try {
      await this.ask({});
    } catch (error) {
      this.button.disabled = false;
      this.say(error.name === 'InvalidStateError' ? 'present' : 'failed');
      this.offer();
    }
  }

  async offer() {
    const { autofill } = this.form.dataset;
    if (autofill === undefined || !PublicKeyCredential.isConditionalMediationAvailable) return;
    try {
      if (await PublicKeyCredential.isConditionalMediationAvailable()) await this.ask({ mediation: 'conditional' });
    } catch {
      // Another way was taken, or the browser has nothing to offer: the page stays as it is.
    }
  }

  async renew() {
    if (this.button.disabled || !this.form.dataset.again) return;
    const reply = await fetch(this.form.dataset.again).catch(() => undefined);
    if (!reply || !reply.ok) return;
    this.options = await reply.json();
    this.offer();
  }
}

if (window.PublicKeyCredential) {
  for (const form of document.querySelectorAll('form[data-passkey]')) new PasskeyForm(form);
  for (const part of document.querySelectorAll('[data-without-passkeys]')) part.hidden = true;
  for (const part of document.querySelectorAll('[data-with-passkeys]')) part.hidden = false;
}
`
