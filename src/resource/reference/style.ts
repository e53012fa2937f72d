// The style of the reference page: the paper and pine of the platform's own pages, light and dark, for phones, desks and paper.

export const referenceStyle = `
:root {
  color-scheme: light dark;
  --ground: #f6f4ee; --sheet: #fffefb; --ink: #1e2527; --soft: #556063; --line: #ddd8cc; --code: #efece2;
  --accent: #1f5c4d; --accent-soft: #e4efea; --focus: #b8630d; --key: #7a4a06;
  --get: #1f5c4d; --post: #8a5300; --patch: #5a4a9c; --put: #3f5a9c; --delete: #9c2b25; --badge-ink: #ffffff;
  --mono: ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace;
  --serif: ui-serif, "Iowan Old Style", "Palatino Linotype", Palatino, "Noto Serif", Georgia, serif;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #121618; --sheet: #1a2022; --ink: #edebe4; --soft: #a8b1b2; --line: #313a3d; --code: #232b2e;
    --accent: #8fd0bb; --accent-soft: #1c312b; --focus: #f0b86e; --key: #f0c98e;
    --get: #8fd0bb; --post: #f0b86e; --patch: #bcb0f5; --put: #a9c1f7; --delete: #ffa197; --badge-ink: #121618;
  }
}
*, *::before, *::after { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; scroll-padding-top: 1rem; }
@media (prefers-reduced-motion: no-preference) { html { scroll-behavior: smooth; } }
body { margin: 0; background: var(--ground); color: var(--ink); font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
h1, h2, h3 { font-family: var(--serif); font-weight: 600; line-height: 1.2; letter-spacing: -0.01em; margin: 0; text-wrap: balance; }
h1 { font-size: clamp(1.9rem, 1.5rem + 2vw, 2.75rem); }
h2 { font-size: 1.6rem; }
h3 { font-size: 1rem; font-family: inherit; letter-spacing: 0; }
p { margin: 0; max-width: 65ch; }
a { color: var(--accent); text-underline-offset: 0.18em; }
:focus-visible { outline: 3px solid var(--focus); outline-offset: 2px; border-radius: 4px; }
code, pre, .path, .name { font-family: var(--mono); font-size: 0.875em; }
code { background: var(--code); padding: 0.1em 0.35em; border-radius: 4px; overflow-wrap: anywhere; }
pre { margin: 0; background: var(--code); padding: 1rem; border-radius: 8px; overflow-x: auto; line-height: 1.5; tab-size: 2; }
pre code { background: none; padding: 0; font-size: 1em; overflow-wrap: normal; }
.soft { color: var(--soft); }
.skip { position: absolute; left: -100rem; }
.skip:focus { left: 1rem; top: 1rem; z-index: 2; background: var(--sheet); padding: 0.5rem 1rem; }
.band { height: 0.4rem; background: linear-gradient(90deg, #17463b 0 11.1%, #1f5c4d 0 22.2%, #2f7a67 0 33.3%, #1f5c4d 0 44.4%, #4a9581 0 55.5%, #2f7a67 0 66.6%, #4a9581 0 77.7%, #7db8a6 0 88.8%, #f0b86e 0); }

.frame { display: grid; grid-template-columns: minmax(0, 1fr); max-width: 84rem; margin: 0 auto; }
.side { padding: 1rem 1.25rem; border-bottom: 1px solid var(--line); }
.side summary { font-weight: 600; cursor: pointer; padding: 0.4rem 0; }
.side .open { display: none; }
.product { font-weight: 650; }
.side h2 { font-size: 0.95rem; font-family: inherit; margin: 1.1rem 0 0.3rem; letter-spacing: 0; }
.side h2 a { color: inherit; text-decoration: none; }
.side h2 a:hover { text-decoration: underline; }
.side ul { list-style: none; margin: 0; padding: 0; }
.side li a { display: flex; gap: 0.6rem; align-items: baseline; padding: 0.22rem 0; color: var(--soft); text-decoration: none; font-size: 0.875rem; line-height: 1.35; }
.side li a:hover { color: var(--ink); text-decoration: underline; }
.side .method { width: 3.4rem; flex: none; background: none; padding: 0; text-align: right; }
main { padding: 2rem 1.25rem 5rem; display: flex; flex-direction: column; gap: 3rem; min-width: 0; }
.lead { display: flex; flex-direction: column; gap: 1rem; }
.facts { display: grid; grid-template-columns: minmax(0, 1fr); gap: 1rem; margin: 0.5rem 0 0; }
.facts > div { background: var(--sheet); border: 1px solid var(--line); border-radius: 10px; padding: 1rem 1.15rem; display: flex; flex-direction: column; gap: 0.5rem; }
.facts ul { margin: 0; padding-left: 1.1rem; }
section { display: flex; flex-direction: column; gap: 0.75rem; }
section > h2 { padding-bottom: 0.4rem; border-bottom: 1px solid var(--line); }

.op { background: var(--sheet); border: 1px solid var(--line); border-radius: 10px; }
.op > summary { display: flex; flex-wrap: wrap; gap: 0.35rem 0.85rem; align-items: baseline; padding: 0.8rem 1.1rem; cursor: pointer; list-style: none; border-radius: 10px; }
.op > summary::-webkit-details-marker { display: none; }
.op > summary:hover { background: var(--accent-soft); }
.op[open] > summary { border-bottom: 1px solid var(--line); border-radius: 10px 10px 0 0; }
.op .path { font-weight: 600; overflow-wrap: anywhere; }
.op .what { color: var(--soft); font-size: 0.925rem; flex: 1 1 16rem; }
.method { font: 700 0.72rem/1.6 var(--mono); letter-spacing: 0.03em; padding: 0.1rem 0.5rem; border-radius: 4px; background: var(--tone); color: var(--badge-ink); text-align: center; }
.side .method { color: var(--tone); }
.get { --tone: var(--get); } .post { --tone: var(--post); } .patch { --tone: var(--patch); } .put { --tone: var(--put); } .delete { --tone: var(--delete); }
.body { padding: 1.1rem; display: flex; flex-direction: column; gap: 1.4rem; scroll-margin-top: 5rem; }
.part { display: flex; flex-direction: column; gap: 0.5rem; min-width: 0; }
.part h3 { font-size: 0.8rem; text-transform: uppercase; letter-spacing: 0.06em; color: var(--soft); }

.fields { margin: 0; padding: 0; list-style: none; border-top: 1px solid var(--line); }
.fields > li { border-bottom: 1px solid var(--line); padding: 0.55rem 0; display: flex; flex-direction: column; gap: 0.15rem; }
.fields .head { display: flex; flex-wrap: wrap; gap: 0.15rem 0.7rem; align-items: baseline; }
.fields .name { font-weight: 600; overflow-wrap: anywhere; }
.fields .type { color: var(--key); font: 0.84rem/1.5 var(--mono); overflow-wrap: anywhere; }
.fields .need { font-size: 0.78rem; color: var(--delete); }
.fields .only { font-size: 0.78rem; color: var(--soft); }
.fields .about { color: var(--soft); font-size: 0.9rem; }
.fields .fields { margin: 0.4rem 0 0 0.9rem; border-top-style: dashed; }
.chips { display: flex; flex-wrap: wrap; gap: 0.4rem; margin: 0; padding: 0; list-style: none; }
.chips li { font-size: 0.84rem; border: 1px solid var(--line); border-radius: 99px; padding: 0.1rem 0.65rem; }
.chips b { font-family: var(--mono); font-weight: 600; }
.good { color: var(--get); }
footer { color: var(--soft); font-size: 0.9rem; }

.pair { display: flex; flex-direction: column; gap: 1rem; }
@media (min-width: 64rem) {
  .side .folded { display: none; }
  .side .open { display: block; }
  .frame { grid-template-columns: 19rem minmax(0, 1fr); }
  .side { border-bottom: 0; border-right: 1px solid var(--line); position: sticky; top: 0; height: 100vh; overflow-y: auto; padding: 1.75rem 1.25rem; }
  main { padding: 3rem 3rem 6rem; }
  .facts { grid-template-columns: repeat(2, minmax(0, 1fr)); }
  .pair { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); gap: 1.75rem; align-items: start; }
}
@media print { .side { display: none; } .op { break-inside: avoid; } }
`
