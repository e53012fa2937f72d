// Says how hard a password is to guess, while it is typed and in the browser alone: nothing is sent or kept. It is an estimate and a hint, never a rule;
// what is refused the server says, by its lists. Text, as the other scripts are (see docs/decisions/0027-an-estimate-of-our-own.md).

export const strengthScript = `
const ROWS = ['abcdefghijklmnopqrstuvwxyz', '01234567890', 'qwertyuiop', 'qwertzuiop', 'asdfghjkl', 'zxcvbnm', 'yxcvbnm', 'azertyuiop', '1qaz2wsx3edc4rfv'];
const LINES = ROWS.concat(ROWS.map((row) => Array.from(row).reverse().join('')));
const WORDS = ('password passwort passwd kennwort pass login admin root user test secret geheim welcome willkommen hello hallo letmein iloveyou ichliebe liebe love ' +
  'schatz dragon monkey master shadow princess sunshine football fussball baseball summer sommer winter herbst autumn spring fruehling monday montag january januar ' +
  'change changeme default access computer internet google facebook michael daniel thomas andreas jessica qwerty asdf').split(' ');
const LIKE = { '@': 'a', 4: 'a', 8: 'b', 3: 'e', 1: 'i', '!': 'i', 0: 'o', 5: 's', $: 's', 7: 't' };

const plain = (text) => Array.from(text.toLowerCase(), (letter) => LIKE[letter] || letter).join('');

// The longest part from here on that is in one of these lines, from three characters on.
function runIn(lines, text, at) {
  let longest = 0;
  for (const line of lines) {
    let length = 2;
    while (at + length < text.length && line.includes(text.slice(at, at + length + 1))) length += 1;
    if (length > longest && length >= 3 && line.includes(text.slice(at, at + length))) longest = length;
  }
  return longest;
}

// How much of what follows says once more what stood just before, one letter or several.
function repeatAt(text, at) {
  for (let size = 1; size <= at && size <= 16; size += 1) {
    const part = text.slice(at - size, at);
    let length = 0;
    while (text.startsWith(part, at + length)) length += size;
    if (length >= (size === 1 ? 2 : size)) return length;
  }
  return 0;
}

const wordAt = (words, text, at) => Math.max(0, ...words.filter((word) => text.startsWith(word, at)).map((word) => word.length));
const bitsOf = (letter) => (/[a-z ]/.test(letter) ? 3.3 : /[0-9]/.test(letter) ? 3.4 : 4.6);

// The parts that a guesser tries first are worth little; the rest by letter. In bits, and what is weak about it.
export function estimate(password, known) {
  const small = password.toLowerCase();
  const read = plain(password);
  const own = known.flatMap((text) => text.toLowerCase().split(/[^\\p{L}\\p{N}]+/u)).filter((word) => word.length >= 3);
  const found = new Set();
  let bits = 0;
  for (let at = 0; at < small.length; ) {
    const kinds = [
      ['yours', Math.max(wordAt(own, small, at), wordAt(own, read, at)), 3],
      ['common', Math.max(wordAt(WORDS, small, at), wordAt(WORDS, read, at)), 6],
      ['repeats', repeatAt(small, at), 1.5],
      ['row', runIn(LINES, small, at), 4],
      ['year', /^(19|20)\\d\\d/.test(small.slice(at)) ? 4 : 0, 6],
    ];
    const [kind, length, worth] = kinds.reduce((best, one) => (one[1] > best[1] ? one : best));
    if (length > 0) found.add(kind);
    bits += length > 0 ? worth : bitsOf(password[at]);
    at += length > 0 ? length : 1;
  }
  return { bits, found: Array.from(found) };
}

export function levelOf(password, known) {
  if (Array.from(password).length < 8) return { level: 1, why: 'short' };
  const { bits, found } = estimate(password, known);
  const level = bits < 24 ? 1 : bits < 34 ? 2 : bits < 46 ? 3 : 4;
  const why = ['yours', 'common', 'repeats', 'row', 'year'].find((one) => found.includes(one)) || 'more';
  return { level, why };
}

function watch(part) {
  const form = part.closest('form');
  const field = form.querySelector('input[autocomplete=new-password]');
  const words = part.querySelector('[role=status]');
  let later;
  const known = () => [part.dataset.product].concat(['name', 'email', 'username'].map((name) => (form.elements[name] || {}).value || ''));
  const say = ({ level, why }) => {
    words.textContent = part.dataset['level' + level] + (level < 3 ? ' ' + part.dataset[why] : '');
  };
  const look = () => {
    clearTimeout(later);
    part.hidden = field.value === '';
    if (part.hidden) {
      words.textContent = '';
      return;
    }
    const seen = levelOf(field.value, known());
    part.dataset.level = seen.level;
    // Who listens is told when typing rests, and not at every letter.
    later = setTimeout(say, words.textContent === '' ? 0 : 700, seen);
  };
  // What was refused is gone once there is something else: the words and what says of the field that it is wrong.
  field.addEventListener('input', () => {
    const problem = field.parentElement.querySelector('.problem');
    if (!problem) return;
    field.removeAttribute('aria-invalid');
    field.setAttribute('aria-describedby', (field.getAttribute('aria-describedby') || '').split(' ').filter((id) => id !== problem.id).join(' '));
    problem.remove();
  });
  form.addEventListener('input', look);
  look();
}

if (globalThis.document) for (const part of document.querySelectorAll('[data-strength]')) watch(part);
`
