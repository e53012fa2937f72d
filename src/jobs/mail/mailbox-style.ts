// The look of the development mailbox. One constant: it goes out as it is.
import { type Html, trustedHtml } from '#kernel/html.ts'

export const mailboxStyle: Html = trustedHtml(`
:root { color-scheme: light dark; --paper: #fbfaf8; --card: #fff; --ink: #22211f; --soft: #6d6a64; --line: #e6e2db; --accent: #3b5bdb; --tint: #eef1fd; }
@media (prefers-color-scheme: dark) { :root { --paper: #171716; --card: #201f1e; --ink: #efece6; --soft: #a19c93; --line: #35332f; --accent: #91a7ff; --tint: #262b40; } }
* { box-sizing: border-box; margin: 0; }
body { min-height: 100vh; background: var(--paper); color: var(--ink); font: 16px/1.55 ui-sans-serif, system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif; }
main { max-width: 46rem; margin: 0 auto; padding: 2.5rem 1.25rem 4rem; }
header { display: flex; flex-wrap: wrap; align-items: baseline; gap: .25rem 1rem; margin-bottom: 1.5rem; }
h1 { font-size: 1.6rem; letter-spacing: -.02em; line-height: 1.25; overflow-wrap: anywhere; }
.note { color: var(--soft); font-size: .9rem; }
a { color: var(--accent); text-underline-offset: .18em; overflow-wrap: anywhere; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; border-radius: .4rem; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 1rem; box-shadow: 0 1px 2px rgb(0 0 0 / .04), 0 8px 24px rgb(0 0 0 / .04); overflow: hidden; }
ol { list-style: none; padding: 0; }
li + li { border-top: 1px solid var(--line); }
li a { display: grid; grid-template-columns: 2.5rem 1fr auto; gap: .1rem .9rem; padding: .9rem 1.1rem; color: inherit; text-decoration: none; }
li a:hover { background: var(--tint); }
li a:focus-visible { outline-offset: -3px; border-radius: 1rem; }
.badge { grid-row: span 2; align-self: center; display: grid; place-items: center; width: 2.5rem; height: 2.5rem; border-radius: 50%; background: var(--tint); color: var(--accent); font-weight: 650; text-transform: uppercase; }
.subject { font-weight: 600; min-width: 0; overflow-wrap: anywhere; text-wrap: pretty; }
time { color: var(--soft); font-size: .85rem; white-space: nowrap; font-variant-numeric: tabular-nums; }
.preview { grid-column: 2 / -1; color: var(--soft); font-size: .92rem; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
@media (max-width: 34rem) {
  li a { grid-template-columns: 2.5rem 1fr; }
  .badge { grid-row: span 3; align-self: start; margin-top: .2rem; }
  li time, .preview { grid-column: 2; }
}
.empty { padding: 3rem 1.5rem; text-align: center; color: var(--soft); }
.empty strong { display: block; margin-bottom: .35rem; color: var(--ink); font-size: 1.1rem; }
dl { display: grid; grid-template-columns: auto 1fr; gap: .2rem 1rem; padding: 1.1rem 1.3rem; border-bottom: 1px solid var(--line); font-size: .95rem; }
dt { color: var(--soft); }
dd { overflow-wrap: anywhere; }
pre { padding: 1.3rem; font: inherit; white-space: pre-wrap; overflow-wrap: anywhere; }
.back { display: inline-block; margin-bottom: 1rem; }
.foot { display: flex; flex-wrap: wrap; justify-content: space-between; gap: .5rem 1rem; margin-top: 1rem; }
`)
