/** The style sheet of the report page: light and dark, narrow and wide, screen and paper. */
export const PAGE_STYLE = `
:root {
  color-scheme: light dark;
  --paper: #f6f7f9; --card: #fff; --ink: #1b2027; --soft: #5c6673; --line: #dfe3e8;
  --compress-before: #868d97; --compress-after: #1f6fc4; --compress-mark: #c8620c; --compress-paper: var(--card);
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #14171b; --card: #1c2026; --ink: #e7eaee; --soft: #9aa4b0; --line: #333a43;
    --compress-before: #8d95a0; --compress-after: #5aa2ee; --compress-mark: #e98a3a;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif;
  -webkit-text-size-adjust: 100%; }
main { max-width: 1200px; margin: 0 auto; padding: 40px 20px 56px; }
h1 { margin: 0; font-size: clamp(1.6rem, 4vw, 2.3rem); line-height: 1.15; letter-spacing: -.015em;
  overflow-wrap: anywhere; }
h2 { margin: 48px 0 14px; font-size: 1.2rem; line-height: 1.3; }
p { margin: 0; }
.lead { margin: 0 0 14px; max-width: 84ch; color: var(--soft); font-size: .9375rem; }
figure + figure { margin-top: 12px; }
.figures figure { margin-top: 0; }
header p { margin-top: 8px; color: var(--soft); }
ol.stages { display: flex; flex-wrap: wrap; gap: 8px; margin: 16px 0 0; padding: 0; list-style: none;
  font-size: .875rem; }
ol.stages li + li::before { content: "→"; margin-right: 8px; color: var(--soft); }
ol.stages span { display: inline-block; padding: 2px 11px; border: 1px solid var(--line); border-radius: 99px;
  background: var(--card); }
.compress-summary { display: flex; flex-wrap: wrap; gap: 12px; margin: 28px 0 0; }
.compress-summary > div, figure, .scroll, ul.notes { border: 1px solid var(--line); border-radius: 10px;
  background: var(--card); }
.compress-summary > div { flex: 1 1 auto; min-width: 130px; padding: 12px 16px 14px; }
dt { color: var(--soft); font-size: .8125rem; }
dd { margin: 0; }
.compress-value { font-size: 1.4rem; font-weight: 650; white-space: nowrap; line-height: 1.35;
  font-variant-numeric: tabular-nums; letter-spacing: -.01em; }
.compress-value small { font-size: .875rem; font-weight: 400; color: var(--soft); letter-spacing: 0; }
/* A long note does not widen its box. */
.compress-note { width: 0; min-width: 100%; font-size: .8125rem; color: var(--soft); line-height: 1.4; }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 340px), 1fr)); gap: 12px; }
.figures + .figures { margin-top: 12px; }
figure { display: flex; flex-direction: column; min-width: 0; margin: 0; padding: 14px 16px 16px; }
.compress-title { font-weight: 600; overflow-wrap: anywhere; line-height: 1.35; }
.compress-panels { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 320px), 1fr));
  gap: 16px 36px; margin: 10px 0; }
.compress-heading { margin-bottom: 4px; font-size: .8125rem; color: var(--soft); }
figure svg { width: 100%; max-width: 460px; height: auto; }
figcaption { margin-top: auto; font-size: .8125rem; color: var(--soft); line-height: 1.45; max-width: 84ch; }
ul.notes { margin: 12px 0 0; padding: 12px 20px 12px 36px; border-left: 4px solid var(--compress-mark);
  font-size: .9375rem; }
.scroll { overflow-x: auto; margin-top: 12px; }
table { width: max-content; min-width: 100%; border-collapse: collapse; font-size: .8125rem; line-height: 1.4;
  font-variant-numeric: tabular-nums; }
caption { padding: 12px 16px 4px; text-align: left; font-size: 1rem; font-weight: 600; }
th, td { padding: 7px 12px; text-align: left; vertical-align: top; border-top: 1px solid var(--line); }
thead th { border-top: 0; color: var(--soft); font-weight: 500; white-space: nowrap; }
th:first-child { position: sticky; left: 0; padding-left: 16px; background: var(--card);
  box-shadow: 1px 0 var(--line); }
tbody th { min-width: 7em; max-width: 17em; font-weight: 500; overflow-wrap: anywhere; }
td { max-width: 44ch; overflow-wrap: break-word; }
.compress-number { text-align: right; white-space: nowrap; }
dl.words { display: grid; grid-template-columns: max-content 1fr; gap: 8px 24px; margin: 0; font-size: .9375rem; }
dl.words dt { color: inherit; font-size: inherit; font-weight: 600; }
dl.words dd { color: var(--soft); max-width: 78ch; }
footer { margin-top: 48px; color: var(--soft); font-size: .8125rem; }
:focus-visible { outline: 2px solid var(--compress-after); outline-offset: 2px; }
@media (max-width: 560px) {
  main { padding: 24px 14px 40px; }
  figure { padding: 12px 12px 14px; }
  .compress-summary { gap: 8px; }
  .compress-summary > div { padding: 10px 12px; }
  .compress-value { font-size: 1.25rem; }
  tbody th { max-width: 9.5em; }
  dl.words { grid-template-columns: 1fr; gap: 0; }
  dl.words dd { margin-bottom: 10px; }
}
@media print {
  :root { color-scheme: light; --paper: #fff; --card: #fff; --ink: #000; --soft: #444; --line: #ccc;
    --compress-before: #868d97; --compress-after: #1f6fc4; --compress-mark: #c8620c; }
  @page { margin: 12mm; }
  body { font-size: 12px; }
  main { max-width: none; padding: 0; }
  h2 { margin-top: 24px; break-after: avoid; }
  figure, tr, .compress-summary > div { break-inside: avoid; }
  .figures { grid-template-columns: repeat(2, 1fr); }
  .scroll { overflow: visible; }
  table { width: 100%; font-size: 9px; }
  thead th { white-space: normal; }
  th, td { padding: 3px 5px; }
}
`;
