"""How the page looks: calm, wide, and readable from the last row."""

from __future__ import annotations

COLOURS = {"primary": "#16324F", "secondary": "#0072B2", "accent": "#D55E00", "positive": "#007A5A",
           "negative": "#B3261E"}  # fmt: skip

CSS = """
body { background: #F4F5F7; color: #222; font-size: 15px; }
.nicegui-content { padding: 0; }
.top { background: #16324F; align-items: center; gap: 10px; padding: 6px 18px; flex-wrap: wrap; }
.brand { font-weight: 700; font-size: 19px; letter-spacing: .02em; margin-right: 8px; }
.choice { min-width: 215px; } .seed { width: 74px; } .rate { color: #B9C7D6; font-size: 12px; min-width: 120px;
  text-align: right; }
.body { width: 100%; flex-wrap: nowrap; align-items: flex-start; gap: 14px; padding: 14px; }
.levers { width: 300px; flex: none; gap: 12px; }
.stages { flex: 1; min-width: 0; display: grid; gap: 14px; }
.stages.one { grid-template-columns: minmax(0, 1fr); }
.stages.two { grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); }
.sheet { background: #FFF; border: 1px solid #E2E5EA; border-radius: 10px; padding: 12px 14px; width: 100%;
  box-shadow: none; gap: 4px; }
.stage { display: flex; flex-direction: column; gap: 12px; min-width: 0; }
.charts { display: grid; gap: 12px; }
.one .charts { grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); }
.two .charts { grid-template-columns: minmax(0, 1fr); }
.chart { height: 250px; width: 100%; }
.one .wide { grid-column: 1 / -1; } .one .wide .chart { height: 190px; }
.chart-title { font-weight: 600; font-size: 14px; color: #16324F; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(118px, 1fr)); gap: 10px; }
.tile { background: #FFF; border: 1px solid #E2E5EA; border-radius: 10px; padding: 8px 12px; }
.tile .number { font-size: 25px; font-weight: 650; line-height: 1.2; font-variant-numeric: tabular-nums; }
.tile .change { font-size: 14px; font-weight: 500; color: #68717D; white-space: nowrap; }
.two .chart { height: 205px; } .two .ended { height: 13.5em; overflow-y: auto; }
.two .tiles { grid-template-columns: repeat(3, minmax(0, 1fr)); } .two .tile .number { font-size: 22px; }
.tile .number { white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
.different { color: #B4480A; font-weight: 600; font-size: 14px; } .two .different { min-height: 1.5em; }
.tile .name { font-size: 12px; color: #68717D; }
.letter { background: #16324F; color: #FFF; border-radius: 50%; width: 30px; height: 30px; text-align: center;
  line-height: 30px; font-weight: 700; flex: none; }
.stage-head { display: flex; gap: 10px; align-items: center; }
.stage-name { font-size: 17px; font-weight: 600; color: #16324F; }
.ended { color: #68717D; font-size: 13px; }
.lines { height: 300px; overflow-y: auto; width: 100%; font-size: 13.5px; line-height: 1.42; }
.line { padding: 4px 0 4px 9px; border-bottom: 1px solid #F0F1F3; border-left: 3px solid transparent; }
.line .when { color: #8A8A8A; font-size: 11.5px; margin-right: 6px; font-variant-numeric: tabular-nums; }
.line .who { font-weight: 650; } .line i { color: #333; } .line .lie { color: #B3261E; font-size: 11.5px; }
.account td { padding: 2px 8px 2px 0; } .account .n { text-align: right; font-variant-numeric: tabular-nums; }
.account .gain { color: #007A5A; } .account .loss { color: #B3261E; }
.sums { display: grid; grid-template-columns: 1fr auto 1fr auto; gap: 1px 14px; font-size: 13px; margin-bottom: 6px; }
.sums .n { text-align: right; font-variant-numeric: tabular-nums; }
.section { font-weight: 650; color: #16324F; font-size: 13.5px; margin-top: 8px; }
.lever { width: 100%; gap: 0; } .lever .name { font-size: 13px; color: #444; } .lever .value { font-weight: 650;
  font-size: 13px; }
.lever-line { width: 100%; justify-content: space-between; align-items: baseline; gap: 4px; }
.story-title { font-size: 18px; font-weight: 700; color: #16324F; }
.question { font-weight: 650; } .told { font-size: 13.5px; line-height: 1.45; }
.verdict { border-radius: 8px; padding: 8px 10px; font-size: 13.5px; line-height: 1.45; }
.verdict.right { background: #E3F3EC; } .verdict.wrong { background: #FBE9E1; }
.heading { color: #FFF; font-size: 20px; font-weight: 600; }
.league { margin: 14px; width: calc(100% - 28px); } .players { columns: 2; column-gap: 40px; width: 100%; }
.player { display: grid; gap: 10px;
  grid-template-columns: 40px minmax(0, 1fr) minmax(0, 1fr) 92px 92px 72px;
  align-items: center; font-size: 18px; line-height: 26px; border-bottom: 1px solid #F0F1F3; break-inside: avoid;
  font-variant-numeric: tabular-nums; }
.player .place, .player .n { text-align: right; } .player .name { overflow: hidden; white-space: nowrap;
  text-overflow: ellipsis; font-weight: 650; }
.player .name i { color: #68717D; font-size: 13px; font-weight: 400; margin-left: 8px; }
.player .money { position: relative; padding-left: 6px; } .player .bar { position: absolute; left: 0; top: 2px;
  bottom: 2px; border-radius: 4px; opacity: .28; }
.bar.fair { background: #0072B2; } .bar.liar { background: #D55E00; }
.player .gain { color: #007A5A; } .player .loss { color: #B3261E; }
.player.head { color: #68717D; font-size: 13px; max-width: calc(50% - 20px); } .player.head .name { font-weight: 400; }
.findings { margin: 0 18px 14px; font-size: 18px; }
@media (max-width: 1100px) {
  .players { columns: 1; } .player.head { max-width: none; }
  .body { flex-wrap: wrap; } .levers { width: 100%; } .stages { flex-basis: 100%; }
  .one .charts { grid-template-columns: minmax(0, 1fr); }
}
"""
