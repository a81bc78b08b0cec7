// How every page of Leeward looks: quiet, readable in the light and in the dark, and on paper. No address of anything outside.

export const style = `
:root{color-scheme:light dark;--page:#f6f7f9;--card:#fff;--ink:#1b2430;--soft:#5a6675;--faint:#8b96a5;--line:#dde2e9;--lane:#f3f5f8;
--good:#1d7a4f;--good-ground:#e4f4ec;--warn:#9a5b00;--warn-ground:#fff1d9;--bad:#b3261e;--bad-ground:#fde8e6;
--fault:#c62f26;--seen:#5b6b80;--decided:#7a4bb5;--done:#0f7b83;--done-ground:#cfeaec;--users:#2463b5;
--epoch-0:#4c86cf;--epoch-1:#2a9d78;--gap:#f2a93b;--astray:#a06a1c;--astray-ground:#faecd3;
--p0:#7b8aa0;--p1:#7a4bb5;--p2:#c98a2b;--p3:#0f7b83;--p4:#2463b5;--p5:#2a9d78}
@media(prefers-color-scheme:dark){:root{--page:#12161c;--card:#1a2029;--ink:#e6eaf0;--soft:#a5b0be;--faint:#7d8897;--line:#313a46;--lane:#202732;
--good:#5fd39b;--good-ground:#14352a;--warn:#f0b45a;--warn-ground:#3a2a10;--bad:#ff8a80;--bad-ground:#43191a;
--fault:#ff6f63;--seen:#9fb0c6;--decided:#bb93ee;--done:#4cc3cc;--done-ground:#154449;--users:#76aef5;
--epoch-0:#5b97e0;--epoch-1:#3bb98f;--gap:#d98e1f;--astray:#e0a95a;--astray-ground:#40311a;
--p0:#8496ad;--p1:#a67be0;--p2:#d99a3a;--p3:#35a9b2;--p4:#5b97e0;--p5:#3bb98f}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--page);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue","Liberation Sans",Arial,sans-serif;font-variant-numeric:tabular-nums}
main{max-width:1180px;margin:0 auto;padding:32px 28px 56px}
h1{font-size:25px;line-height:1.32;font-weight:650;letter-spacing:-.01em;margin:10px 0 0;max-width:58ch;text-wrap:pretty}
h2{font-size:17px;line-height:1.3;margin:0 0 4px;font-weight:650}
h3{font-size:14px;margin:22px 0 8px;font-weight:650}
p{margin:0 0 8px;max-width:86ch}
.kicker{color:var(--soft);font-size:13px;margin:0;display:flex;gap:6px 14px;flex-wrap:wrap;align-items:center;max-width:none}
.badge{font-weight:650;font-size:12px;border-radius:99px;padding:2px 11px;background:var(--good-ground);color:var(--good)}
.missed .badge{background:var(--warn-ground);color:var(--warn)}
.broken .badge{background:var(--bad-ground);color:var(--bad)}
header{border-left:4px solid var(--good);padding:2px 0 4px 20px}
header.missed{border-color:var(--warn)}
header.broken{border-color:var(--bad)}
header.broken h1{color:var(--bad)}
header .reason{color:var(--soft);margin:12px 0 0;max-width:100ch}
section{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:20px 22px 22px;margin-top:18px}
section>.lead{color:var(--soft);margin:0 0 14px;max-width:120ch}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(195px,1fr));gap:12px;margin-top:22px}
.tile{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:13px 16px}
.tile .name{color:var(--soft);font-size:13px}
.tile .value{font-size:25px;font-weight:650;line-height:1.25;letter-spacing:-.01em}
.tile .note{color:var(--soft);font-size:12.5px;line-height:1.4}
.tile.bad{border-color:var(--bad);background:var(--bad-ground)}
.tile.warn .value{color:var(--warn)}.tile.good .value{color:var(--good)}.tile.bad .value{color:var(--bad)}
.scroll{overflow-x:auto}
svg{display:block;width:100%;height:auto;font-family:inherit}
svg.timeline{min-width:900px}
svg text{fill:var(--ink);font-size:12px;white-space:pre}
.lane{fill:var(--lane)}
svg .lane-name{font-size:14px;font-weight:650}
svg .lane-note,svg .rail-name,svg .epoch-name{font-size:11px;fill:var(--soft)}
.tick{stroke:var(--line);stroke-width:1}
svg .tick-label{fill:var(--soft);text-anchor:middle}
svg .axis-name{fill:var(--soft);font-size:11px}
.gap{fill:var(--gap);fill-opacity:.17}
.gap-line{stroke:var(--warn);stroke-width:1.4}
svg .gap-text{font-size:13px;font-weight:650;fill:var(--warn)}
.line{stroke-width:1.2;stroke-dasharray:3 3;stroke:var(--done);stroke-opacity:.8}
.line.fault{stroke:var(--fault);stroke-width:1.8;stroke-dasharray:none;stroke-opacity:1}
.line.decided{stroke:var(--decided);stroke-dasharray:none;stroke-opacity:1}.line.users{stroke:var(--users);stroke-width:1.6;stroke-dasharray:none}
svg .flag{font-weight:600;fill:var(--done)}svg .flag.fault{fill:var(--fault)}svg .flag.decided{fill:var(--decided)}svg .flag.users{fill:var(--users)}
.epoch-0{fill:var(--epoch-0)}.epoch-1{fill:var(--epoch-1)}.base{stroke:var(--faint);stroke-width:1}
.hatch{fill:var(--epoch-0)}.ground{fill:var(--lane)}
.bar{fill:var(--done-ground);stroke:var(--done);stroke-width:1.2}
.bar.astray{fill:var(--astray-ground);stroke:var(--astray);stroke-dasharray:4 3}
.dot{stroke-width:2.2;fill:none}
.dot.fault{stroke:var(--fault);stroke-width:2.8}.dot.seen{stroke:var(--seen);fill:var(--card)}.dot.decided{fill:var(--decided)}.dot.done{fill:var(--done)}.dot.astray{fill:var(--astray-ground);stroke:var(--astray);stroke-width:1.6}.dot.users{fill:var(--users)}
svg .label,svg .rail-name{paint-order:stroke;stroke:var(--lane);stroke-width:3.5px;stroke-linejoin:round;stroke-opacity:.75}
svg .label.inside{stroke:none}
svg .number{font-weight:700;fill:var(--soft)}
.legend{display:flex;flex-wrap:wrap;gap:4px 18px;color:var(--soft);font-size:12.5px;margin:12px 0 0;padding:0;list-style:none}
.legend li{display:flex;align-items:center;gap:6px}.legend svg{width:16px;height:16px;flex:none}
ol.story{list-style:none;margin:0;padding:0}
ol.story li{display:grid;grid-template-columns:30px 68px 20px 92px minmax(0,1fr);gap:0 8px;padding:5px 0;border-top:1px solid var(--line);align-items:baseline}
ol.story li:first-child{border-top:0}
.story .n{text-align:right;color:var(--faint);font-weight:650}.story .at{text-align:right;white-space:nowrap}.story svg{width:14px;height:14px;align-self:start;margin-top:4px}
.story .who{color:var(--soft);overflow-wrap:anywhere}.story .said{overflow-wrap:anywhere}.story .aside{color:var(--soft)}
table{border-collapse:collapse;width:100%}
th{text-align:left;font-weight:600;color:var(--soft);font-size:12.5px}
th,td{padding:5px 16px 5px 0;border-bottom:1px solid var(--line);vertical-align:baseline;overflow-wrap:anywhere}
tr:last-child td{border-bottom:0}
td:last-child,th:last-child{padding-right:0}
.num{text-align:right;white-space:nowrap}
td.quiet{color:var(--soft)}td.warn{color:var(--warn);font-weight:650}td.good{color:var(--good);font-weight:650}td.bad{color:var(--bad);font-weight:650}
code{font:12.5px/1.4 ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono",monospace}
.two{display:grid;grid-template-columns:minmax(0,9fr) minmax(0,11fr);gap:18px;align-items:start}
.figures td:first-child{white-space:nowrap}svg+table{margin-top:12px}
.two section{margin-top:18px}
.p0{fill:var(--p0)}.p1{fill:var(--p1)}.p2{fill:var(--p2)}.p3{fill:var(--p3)}.p4{fill:var(--p4)}.p5{fill:var(--p5)}
.key{width:12px;height:12px;display:inline-block;vertical-align:-1px}
svg .share{fill:#fff;font-weight:650}
.rounds .each{fill:var(--users);fill-opacity:.65}.rounds .worse{fill:var(--bad)}.rounds .median{stroke:var(--ink);stroke-width:2}.rounds .objective{stroke:var(--fault);stroke-width:1.5;stroke-dasharray:4 3}
footer{color:var(--soft);font-size:12.5px;margin-top:22px}
@media(max-width:760px){main{padding:20px 14px 40px}.two{grid-template-columns:1fr;gap:0}h1{font-size:21px}section{padding:16px 14px}ol.story li{grid-template-columns:24px 60px 18px minmax(0,1fr)}.story .who{display:none}}
@media print{:root{color-scheme:light;--page:#fff}body{font-size:11.5px}main{max-width:none;padding:0}*{print-color-adjust:exact;-webkit-print-color-adjust:exact}section,.tile{break-inside:avoid}section.long{break-inside:auto}ol.story li,tr{break-inside:avoid}svg.timeline{min-width:0}.scroll{overflow:visible}h2,h3{break-after:avoid}@page{margin:14mm;size:A4 landscape}}
`;
