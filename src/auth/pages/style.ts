// The rules of the style sheet of the accounts pages. The colours are variables, which the theme gives (see theme/looks.ts).

export const styleRules = `
*, *::before, *::after { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body {
  margin: 0; min-height: 100vh; min-height: 100dvh; background: var(--ground); color: var(--ink);
  /* Names and addresses of people are as long as they like. */
  overflow-wrap: anywhere;
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
}
h1, h2 { font-family: ui-serif, "Iowan Old Style", "Palatino Linotype", Palatino, "Noto Serif", Georgia, serif; font-weight: 600; line-height: 1.2; letter-spacing: -0.01em; margin: 0; text-wrap: balance; }
h1 { font-size: clamp(1.75rem, 1.5rem + 1.2vw, 2.25rem); }
h2 { font-size: 1.3rem; }
p { margin: 0; }
a { color: var(--accent); text-underline-offset: 0.18em; }
a:hover { color: var(--accent-hover); }
:focus-visible { outline: 3px solid var(--focus); outline-offset: 2px; border-radius: 4px; }
.t1 { fill: var(--t1); } .t2 { fill: var(--t2); } .t3 { fill: var(--t3); } .t4 { fill: var(--t4); } .t5 { fill: var(--t5); } .t9 { fill: var(--t9); }
.soft { color: var(--soft); }
.skip { position: absolute; inset-inline-start: 0.75rem; top: -6rem; z-index: 1; padding: 0.6rem 1rem; background: var(--sheet); border-radius: 0.6rem; }
.skip:focus { top: 0.75rem; }
.small { font-size: 0.9rem; }
[hidden] { display: none !important; }
.wrap { overflow-wrap: anywhere; }
/* As in <bdi>: addresses and names within sentences of either direction */
:is(a, code, span, strong).wrap, .brand span { unicode-bidi: plaintext; }
code { direction: ltr; unicode-bidi: isolate; }
[dir=rtl] :is(h1, h2) { letter-spacing: normal; }
[dir=rtl] input:is([type=email], [inputmode=numeric], #user_code) { direction: ltr; text-align: right; }
[dir=rtl] input[type=text]:not([inputmode=numeric], #user_code) { unicode-bidi: plaintext; }

/* Brand */
.brand { font-weight: 650; font-size: 1.05rem; }
.brand a { display: inline-flex; align-items: center; gap: 0.65rem; color: inherit; text-decoration: none; }
.brand a:hover span { text-decoration: underline; text-underline-offset: 0.25em; }
.mark { width: 2rem; height: 2rem; flex: none; }
.logo { display: block; height: 2.25rem; width: auto; max-width: 14rem; }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }

/* A page with one thing to do */
.stage { display: grid; min-height: 100vh; min-height: 100dvh; grid-template-rows: auto 1fr; }
.panel { height: 0.5rem; background: linear-gradient(90deg, var(--t1) 0 11.1%, var(--t2) 0 22.2%, var(--t3) 0 33.3%, var(--t2) 0 44.4%, var(--t4) 0 55.5%, var(--t3) 0 66.6%, var(--t4) 0 77.7%, var(--t5) 0 88.8%, var(--t9) 0); }
.panel .fold { display: none; }
.column { display: flex; flex-direction: column; gap: 2rem; padding: 1.5rem 1.25rem 2rem; width: 100%; max-width: 30rem; margin: 0 auto; }
.column main { flex: 1; display: flex; flex-direction: column; gap: 1.5rem; }
.lead { display: flex; flex-direction: column; gap: 0.6rem; }
footer { color: var(--soft); font-size: 0.875rem; display: flex; flex-direction: column; gap: 1rem; }
.languages ul { list-style: none; margin: 0; padding: 0; display: flex; flex-wrap: wrap; gap: 0.25rem 1.25rem; }
.languages a, .languages span { display: inline-block; padding: 0.25rem 0; }
.languages [aria-current] { font-weight: 650; color: var(--ink); }
@media (min-width: 60rem) {
  .stage { grid-template-columns: minmax(22rem, 5fr) 7fr; grid-template-rows: 1fr; }
  .stage .panel { height: auto; background: var(--panel); padding: 3rem; }
  .stage .fold { display: block; width: min(100%, 26rem); height: auto; margin: 0 auto; position: sticky; top: max(3rem, 50vh - 13rem); }
  .column { padding: 3rem 2rem; justify-content: center; gap: 2.5rem; max-width: 32rem; }
  .column main { flex: none; }
}

/* Forms */
form { margin: 0; }
.form { display: flex; flex-direction: column; gap: 1.15rem; }
.field { display: flex; flex-direction: column; gap: 0.35rem; }
.field label { font-weight: 600; font-size: 0.95rem; }
.field .hint { color: var(--soft); font-size: 0.875rem; }
.field .problem { color: var(--danger); font-size: 0.9rem; font-weight: 550; }
.new-password { display: flex; flex-direction: column; gap: 0.5rem; }
.strength .hint { color: var(--soft); font-size: 0.9rem; min-height: 1.5em; }
.bars { display: grid; grid-template-columns: repeat(4, 1fr); gap: 0.3rem; margin-bottom: 0.35rem; }
.bars span { height: 0.4rem; border-radius: 0.2rem; border: 1px solid var(--field-line); }
.strength[data-level="1"] span:nth-child(-n+1) { background: var(--danger); border-color: var(--danger); }
.strength[data-level="2"] span:nth-child(-n+2) { background: var(--t9); border-color: var(--field-line); }
.strength[data-level="3"] span:nth-child(-n+3), .strength[data-level="4"] span { background: var(--accent); border-color: var(--accent); }
@media (forced-colors: active) {
  .strength[data-level="1"] span:nth-child(-n+1), .strength[data-level="2"] span:nth-child(-n+2), .strength[data-level="3"] span:nth-child(-n+3), .strength[data-level="4"] span { background: Highlight; }
}
input[type=text], input[type=email], input[type=password], select, textarea {
  font: inherit; color: inherit; background: var(--sheet); border: 1.5px solid var(--field-line); border-radius: 0.6rem; padding: 0.7rem 0.85rem; width: 100%; min-height: 3rem;
}
textarea { font: 0.9rem/1.5 ui-monospace, Menlo, Consolas, monospace; direction: ltr; resize: vertical; }
input:hover, select:hover, textarea:hover { border-color: var(--accent); }
input:focus-visible, select:focus-visible, textarea:focus-visible { outline: 3px solid var(--focus); outline-offset: 1px; border-color: transparent; border-radius: 0.6rem; }
:is(input, textarea)[aria-invalid=true] { border-color: var(--danger); background: var(--danger-soft); }
.choice { display: flex; gap: 0.6rem; align-items: flex-start; }
/* In the middle of the first line */
.choice input { width: 1.1rem; height: 1.1rem; flex: none; margin-block: 0.225rem 0; accent-color: var(--accent); }
.button {
  font: inherit; font-weight: 650; cursor: pointer; display: inline-flex; align-items: center; justify-content: center; text-align: center; text-decoration: none;
  min-height: 3rem; padding: 0.65rem 1.35rem; border-radius: 0.6rem; border: 1.5px solid var(--accent); background: var(--accent); color: var(--accent-ink);
}
.button:hover { background: var(--accent-hover); border-color: var(--accent-hover); color: var(--accent-ink); }
.button:focus-visible { outline-offset: 3px; border-radius: 0.6rem; }
.button.quiet { background: transparent; border-color: var(--field-line); color: var(--ink); }
.button.quiet:hover { border-color: var(--accent); color: var(--accent); background: var(--accent-soft); }
.button.danger { background: transparent; border-color: var(--danger-line); color: var(--danger); }
.button.danger:hover { background: var(--danger-soft); border-color: var(--danger); color: var(--danger); }
.button.compact { min-height: 2.6rem; padding: 0.4rem 0.95rem; font-size: 0.925rem; }
.buttons { display: flex; flex-wrap: wrap; gap: 0.75rem; }
.buttons .button { flex: 1 1 max-content; }
/* Setting up a second step */
.steps { margin: 0; padding-inline-start: 1.4rem; display: flex; flex-direction: column; gap: 1.25rem; }
.steps .form { margin-top: 0.75rem; }
.qr { display: block; width: 13rem; max-width: 100%; height: auto; margin: 0.9rem 0; border-radius: 0.6rem; border: 1px solid var(--line); }
.qr-light { fill: #ffffff; } .qr-dark { fill: #10201c; }
.key { display: block; margin-top: 0.35rem; font-size: 1.05rem; letter-spacing: 0.04em; overflow-wrap: anywhere; }
.codes { margin: 0; padding: 1rem; padding-inline-start: 2.6rem; border: 1px solid var(--line); border-radius: 0.75rem; background: var(--sheet); display: grid; gap: 0.45rem; }
.codes code { font-size: 0.95rem; letter-spacing: 0.02em; overflow-wrap: break-word; word-break: keep-all; }
.link { font: inherit; color: var(--accent); background: none; border: 0; padding: 0.35rem 0; cursor: pointer; text-decoration: underline; text-underline-offset: 0.18em; }

/* Another way, below the first */
.alerts:not(:has(> :not([hidden]))) { display: none; }
.or { display: flex; align-items: center; gap: 1rem; color: var(--soft); font-size: 0.9rem; }
/* Nothing to choose from while every other way waits for its script */
.or:has(+ .others):not(:has(+ .others > :not([hidden], script))) { display: none; }
.others { display: flex; flex-direction: column; gap: 0.75rem; }
.or::before, .or::after { content: ""; flex: 1; border-top: 1px solid var(--line); }
.big-code { font-size: 2rem; font-weight: 650; letter-spacing: 0.08em; }
.aside { border-top: 1px solid var(--line); padding-top: 1.25rem; }

/* Messages */
.message { border: 1px solid var(--line); border-radius: 0.6rem; padding: 0.8rem 1rem; background: var(--sheet); }
.message.bad { background: var(--danger-soft); border-color: var(--danger-line); color: var(--danger); font-weight: 550; }
.message.good { background: var(--accent-soft); border-color: transparent; color: var(--accent); font-weight: 550; }
.message.warn { background: var(--warm-soft); border-color: var(--warm-line); }

/* What a template has left out */
.left-out { display: flex; flex-direction: column; gap: 1rem; width: 100%; max-width: 46rem; margin: 0 auto; padding: 1rem 1.25rem; }

/* Consent */
.who { display: flex; align-items: center; gap: 0.9rem; padding: 1rem; border: 1px solid var(--line); border-radius: 0.75rem; background: var(--sheet); }
.letter { flex: none; width: 2.75rem; height: 2.75rem; border-radius: 0.6rem; display: grid; place-items: center; background: var(--accent-soft); color: var(--accent); font-weight: 700; font-size: 1.15rem; }
.who div { min-width: 0; }
code.big { font-size: 1.6rem; letter-spacing: 0.12em; }
.of-app { flex: none; width: 2.75rem; height: 2.75rem; border-radius: 0.6rem; object-fit: contain; }
.who .name { font-weight: 650; }
.links { list-style: none; margin: 0.25rem 0 0; padding: 0; display: flex; flex-wrap: wrap; gap: 0.1rem 1rem; }
.list { list-style: none; margin: 0; padding: 0; display: flex; flex-direction: column; gap: 0.6rem; }
.list li { position: relative; padding-inline-start: 1.9rem; }
.list li::before { content: ""; position: absolute; inset-inline-start: 0.2rem; top: 0.42rem; width: 0.8rem; height: 0.8rem; background: var(--t3); clip-path: polygon(0 0, 100% 0, 100% 100%); }
.list.not li::before { background: var(--field-line); clip-path: none; border-radius: 1px; top: 0.75rem; height: 2px; }
.block { display: flex; flex-direction: column; gap: 0.7rem; }
.label { font-weight: 600; font-size: 0.95rem; }

/* The account page */
.desk { max-width: 46rem; margin: 0 auto; padding: 1.5rem 1.25rem 4rem; display: flex; flex-direction: column; gap: 1.5rem; }
.desk > main { display: flex; flex-direction: column; gap: 1.5rem; }
.ways { display: flex; flex-wrap: wrap; gap: 0.6rem; }
.top { display: flex; flex-wrap: wrap; align-items: center; justify-content: space-between; gap: 1rem; }
.contents ul { list-style: none; margin: 0; padding: 0; display: flex; flex-wrap: wrap; gap: 0.25rem 1.1rem; }
.contents a { display: inline-block; padding: 0.25rem 0; }
.sheet { scroll-margin-top: 1rem; background: var(--sheet); border: 1px solid var(--line); border-radius: 1rem; padding: 1.4rem 1.25rem; display: flex; flex-direction: column; gap: 1.1rem; }
.boxes { border: 0; margin: 0; padding: 0; display: flex; flex-wrap: wrap; gap: 0.25rem 1rem; }
.boxes label { display: inline-flex; align-items: flex-start; gap: 0.4rem; }
.boxes input { flex: none; margin-block: 0.37rem 0; }
.rows { list-style: none; margin: 0; padding: 0; }
.rows > li { display: flex; flex-wrap: wrap; gap: 0.75rem 1rem; align-items: center; justify-content: space-between; padding: 1rem 0; border-top: 1px solid var(--line); }
.rows > li:first-child { border-top: 0; padding-top: 0; }
.rows > li:last-child { padding-bottom: 0; }
.rows .what { flex: 1 1 14rem; min-width: 0; }
.rows ul { margin: 0.35rem 0 0; padding-inline-start: 1.1rem; color: var(--soft); font-size: 0.925rem; }
/* Several forms that unfold, each over the whole width */
.unfolding { flex: 1 1 100%; display: flex; flex-wrap: wrap; gap: 0.25rem 1.5rem; }
.unfolding > details[open] { flex: 1 1 100%; margin-bottom: 0.5rem; }
.unfolding > details > .form { padding: 1rem; border: 1px solid var(--line); border-radius: 0.75rem; }
.ending { flex: 1 1 100%; display: flex; flex-wrap: wrap; gap: 0.75rem 1rem; align-items: center; justify-content: flex-end; }
.ending p { flex: 1 1 14rem; }
.rows > li:has(> .unfolding) { align-items: flex-start; }
details > summary { cursor: pointer; color: var(--accent); padding: 0.35rem 0; width: fit-content; }
details[open] > summary { margin-bottom: 0.5rem; }
.danger-text { color: var(--danger); font-weight: 550; }
.tag { display: inline-block; margin-inline-start: 0.4rem; padding: 0.05rem 0.55rem; border-radius: 1rem; background: var(--accent-soft); color: var(--accent); font-size: 0.8rem; font-weight: 650; vertical-align: 0.08em; }
.pair { display: grid; gap: 1.15rem; }
.inline { display: flex; flex-wrap: wrap; gap: 0.75rem; align-items: flex-end; }
.inline .field { flex: 1 1 14rem; }
@media (min-width: 48rem) {
  .desk { padding-top: 2.5rem; }
  .sheet { padding: 1.75rem; }
  .pair { grid-template-columns: 1fr 1fr; gap: 1rem; }
}
/* Wide enough to have the way through the page beside it */
@media (min-width: 68rem) {
  .desk:has(.contents) { max-width: 66rem; }
  .desk > main:has(.contents) { display: grid; grid-template-columns: 12.5rem minmax(0, 1fr); gap: 0 2.5rem; align-items: start; }
  .desk > main > h1, .desk > main > .message { grid-column: 1 / -1; }
  .desk > main > .sheet { grid-column: 2; }
  /* Margins instead of gaps: rows that the contents span and nothing fills take no room. */
  .desk > main:has(.contents) > * + * { margin-block-start: 1.5rem; }
  .desk > main > .contents { grid-column: 1; grid-row: span 99; position: sticky; top: 1.5rem; }
  .contents ul { flex-direction: column; gap: 0.35rem; }
}
@media (prefers-reduced-motion: no-preference) { .button, input { transition: background-color 120ms, border-color 120ms, color 120ms; } }
@media (forced-colors: active) { .button { border-color: ButtonText; } .letter, .tag { border: 1px solid; } }
`
