// Help while a cell is written: what a name is (Shift-Tab), and what may follow (Tab).

module.exports = {
  tooltip: (e, code, pos) => ({ found: false, data: {}, metadata: {} }),
  completions: (e, code, pos) => ({ matches: [], cursor_start: pos, cursor_end: pos, metadata: {} }),
};
