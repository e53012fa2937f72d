// Solves the puzzle of a form (see puzzle.ts) while its person types. SHA-256 is written out (FIPS 180-4): WebCrypto answers each hash by a promise of its
// own, which takes longer than the hash. It yields every few milliseconds, so that typing stays fluent.

export const puzzleScript = `
const primes = [];
for (let number = 2; primes.length < 64; number += 1) if (primes.every((prime) => number % prime)) primes.push(number);
const fraction = (value) => Math.floor((value - Math.floor(value)) * 4294967296) | 0;
const K = Int32Array.from(primes, (prime) => fraction(Math.cbrt(prime)));
const START = Int32Array.from(primes.slice(0, 8), (prime) => fraction(Math.sqrt(prime)));
const W = new Int32Array(64);
const right = (word, count) => (word >>> count) | (word << (32 - count));

function block(state, bytes, at) {
  for (let i = 0; i < 16; i += 1) W[i] = (bytes[at + 4 * i] << 24) | (bytes[at + 4 * i + 1] << 16) | (bytes[at + 4 * i + 2] << 8) | bytes[at + 4 * i + 3];
  for (let i = 16; i < 64; i += 1) {
    const a = W[i - 15], b = W[i - 2];
    W[i] = (W[i - 16] + (right(a, 7) ^ right(a, 18) ^ (a >>> 3)) + W[i - 7] + (right(b, 17) ^ right(b, 19) ^ (b >>> 10))) | 0;
  }
  let [a, b, c, d, e, f, g, h] = state;
  for (let i = 0; i < 64; i += 1) {
    const one = (h + (right(e, 6) ^ right(e, 11) ^ right(e, 25)) + ((e & f) ^ (~e & g)) + K[i] + W[i]) | 0;
    const two = ((right(a, 2) ^ right(a, 13) ^ right(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g; g = f; f = e; e = (d + one) | 0; d = c; c = b; b = a; a = (one + two) | 0;
  }
  state[0] += a; state[1] += b; state[2] += c; state[3] += d; state[4] += e; state[5] += f; state[6] += g; state[7] += h;
}

function firstWords(text) {
  const given = new TextEncoder().encode(text);
  const length = (given.length + 72) >> 6 << 6;
  const bytes = new Uint8Array(length);
  bytes.set(given);
  bytes[given.length] = 128;
  new DataView(bytes.buffer).setUint32(length - 4, given.length * 8);
  const state = START.slice();
  for (let at = 0; at < length; at += 64) block(state, bytes, at);
  return state;
}

async function solve(text, bits) {
  let from = performance.now();
  for (let answer = 0; ; answer += 1) {
    if (Math.clz32(firstWords(text + ':' + answer)[0]) >= bits) return String(answer);
    if ((answer & 255) === 0 && performance.now() - from > 12) {
      await new Promise((resume) => setTimeout(resume, 0));
      from = performance.now();
    }
  }
}

for (const part of document.querySelectorAll('[data-puzzle]')) {
  const form = part.closest('form');
  const show = (state) => {
    for (const line of part.querySelectorAll('[data-state]')) line.hidden = line.dataset.state !== state;
  };
  // What is done before anybody could read of it is not told of.
  show('nothing');
  let told = false;
  const telling = setTimeout(() => {
    told = true;
    show('working');
  }, 400);
  const field = part.querySelector('[name=puzzle_answer]');
  let pressed;
  form.addEventListener('submit', (event) => {
    if (field.value !== '') return;
    event.preventDefault();
    pressed = { by: event.submitter };
  });
  solve(part.dataset.puzzle, Number(part.dataset.bits)).then((answer) => {
    field.value = answer;
    clearTimeout(telling);
    if (told) show('solved');
    if (pressed) form.requestSubmit(pressed.by);
  });
}
`
