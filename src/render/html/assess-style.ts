// What only the assessment's page has: the map, the graph, the chains.

export const assessStyle = `
.map{border-radius:8px}.map .sea{fill:var(--lane)}.map .land{fill:var(--line)}.map .grid{stroke:var(--card);stroke-width:1;stroke-opacity:.6}
.map .link{stroke:var(--users);stroke-width:1.8;stroke-dasharray:6 4}.map .serving{fill:var(--good);stroke:var(--card);stroke-width:2}.map .serving.fatal{fill:var(--bad)}
.map .witness{fill:var(--decided);stroke:var(--card);stroke-width:2}
.map text{paint-order:stroke;stroke:var(--lane);stroke-width:4px;stroke-linejoin:round}.map .place{font-weight:650;font-size:13px}.map .at{font-size:11px;fill:var(--soft)}.map .trip{font-size:11.5px;fill:var(--users);font-weight:600}
.graph .box{fill:var(--card);stroke:var(--line);stroke-width:1.4}.graph .box.error{stroke:var(--bad);stroke-width:2}.graph .box.warning{stroke:var(--warn);stroke-width:1.6}
.graph .name{font-size:13px;font-weight:600}.graph .name.called{fill:var(--users)}.graph .type{font-size:11px;fill:var(--soft)}
.in{fill:var(--good)}.out{fill:none;stroke:var(--faint);stroke-width:1.3}
.edge{fill:none;stroke:var(--faint);stroke-width:1.4}.edge.starts{stroke-dasharray:5 4}.edge.leads{stroke:var(--users)}.tip{fill:var(--faint)}
.chain{margin:6px 0 2px}.chain .sum{font-weight:600}.chain .objective{stroke:var(--fault);stroke-width:1.6;stroke-dasharray:4 3}.chain .objective-text{fill:var(--fault);font-weight:600;font-size:11.5px}
.broken-term{color:var(--bad);font-weight:600;margin:6px 0 0}
.meta{color:var(--faint);font-size:12px;display:flex;gap:2px 14px;flex-wrap:wrap;margin-top:2px}.meta code{font-size:11.5px}
.mend{color:var(--soft);font-size:13px}.path{margin-top:3px;font-size:12.5px;color:var(--soft)}.path span+span::before{content:" \\203A ";color:var(--faint)}
details{border-top:1px solid var(--line);padding:7px 0}details:first-of-type{border-top:0}summary{cursor:pointer}summary .quiet{color:var(--soft);font-size:13px}summary .wrong{color:var(--bad);font-weight:650;font-size:13px}
td.word{white-space:nowrap}td.keep,th{overflow-wrap:break-word}
tr.declared td{background:var(--lane)}th.num{white-space:normal}tr.figures td{border-bottom:0}tr.reason td{padding-top:0;font-size:13px}
`;
