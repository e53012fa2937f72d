// For every page, and none needs it. A form that is sent is not sent once more by the second tap of an impatient finger: that would break off the first,
// whose answer counts. And a page that answers the request with which a sign-in began, or a form, stands at its own address, where it can be loaded again.
// Text, as the other scripts are.

export const onceScript = `
const KEPT_MS = 10000;
let sent = new WeakSet();
addEventListener('pageshow', () => { sent = new WeakSet(); });
document.addEventListener('submit', (event) => {
  if (event.defaultPrevented) return;
  const form = event.target;
  if (sent.has(form)) {
    event.preventDefault();
    return;
  }
  sent.add(form);
  setTimeout(() => sent.delete(form), KEPT_MS);
});
const own = document.querySelector('link[rel=canonical]');
if (own) history.replaceState(history.state, '', own.href);
`
