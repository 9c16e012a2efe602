'use strict';
// The report's elements and charts, drawn from the JSON in #data. Whatever comes from the data set reaches the page
// as text nodes only.

const report = JSON.parse(document.getElementById('data').textContent);
const metrics = report.metrics;
const classes = metrics.classes;

// --- Elements -------------------------------------------------------------------------------------------------

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes || {})) node.setAttribute(name, value);
  node.append(...children.filter((child) => child !== null));
  return node;
}
const el = (tag, attributes, ...children) => fill(document.createElement(tag), attributes, children);
const draw = (tag, attributes, ...children) =>
  fill(document.createElementNS('http://www.w3.org/2000/svg', tag), attributes, children);
const byId = (id) => document.getElementById(id);
const hide = (id) => byId(id).remove();

const percent = (value, digits = 0) => (100 * value).toFixed(digits) + ' %';
const fixed = (value) => value === null ? 'n/a' : value.toFixed(4);
const count = (number, noun) => `${number} ${noun}${number === 1 ? '' : 's'}`;

// Calls `render(width)`, which returns an SVG, now and whenever the container's width changes.
function responsive(container, render) {
  let drawn = 0;
  const update = () => {
    const width = Math.floor(container.clientWidth);
    if (width === 0 || width === drawn) return;
    drawn = width;
    container.replaceChildren(render(width));
  };
  update();
  new ResizeObserver(update).observe(container);
  return () => { drawn = 0; update(); };
}

const tip = byId('tip');
function showTip(event, text) {
  tip.textContent = text;
  tip.hidden = false;
  const x = Math.min(event.clientX + 14, window.innerWidth - tip.offsetWidth - 8);
  const below = event.clientY + 18;
  tip.style.left = Math.max(8, x) + 'px';
  tip.style.top = (below + tip.offsetHeight < window.innerHeight ? below : event.clientY - tip.offsetHeight - 10) + 'px';
}
const hideTip = () => { tip.hidden = true; };

// --- Learning curves ------------------------------------------------------------------------------------------

// About `wanted` round numbers that cover low..high.
function ticks(low, high, wanted) {
  const raw = (high - low || 1) / wanted;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].find((factor) => factor * power >= raw) * power;
  const values = [];
  for (let k = Math.floor(low / step); k <= Math.ceil(high / step); ++k) values.push(k * step);
  return values;
}

function curve(width, name, trainKey, valKey, bounded) {
  const epochs = report.epochs, first = epochs[0].epoch, last = epochs[epochs.length - 1].epoch;
  const height = 250, left = 48, right = 44, top = 28, bottom = 30;
  const values = epochs.flatMap((line) => [line[trainKey], line[valKey]]).filter((value) => value !== null);
  const yTicks = bounded ? [0, 0.2, 0.4, 0.6, 0.8, 1] : ticks(Math.min(0, ...values), Math.max(...values), 5);
  const low = yTicks[0], high = yTicks[yTicks.length - 1];
  const x = (epoch) => left + (width - left - right) * (last === first ? 0.5 : (epoch - first) / (last - first));
  const y = (value) => top + (height - top - bottom) * (1 - (value - low) / (high - low));
  const svg = draw('svg', {width, height, role: 'img', 'aria-label': `${name} by epoch`},
    draw('text', {x: 0, y: 12, class: 'strong'}, name));
  const digits = bounded || yTicks[1] - yTicks[0] < 1 ? 1 : 0;
  for (const value of yTicks) {
    svg.append(draw('line', {x1: left, x2: width - right, y1: y(value), y2: y(value), class: 'grid'}),
      draw('text', {x: left - 8, y: y(value) + 4, 'text-anchor': 'end'}, value.toFixed(yTicks[1] - yTicks[0] < 0.1 ? 2 : digits)));
  }
  const xTicks = ticks(first, last, Math.min(6, last - first || 1)).filter((e) => e >= first && e <= last && e % 1 === 0);
  for (const epoch of xTicks.includes(first) || xTicks.length > 2 ? xTicks : [first, ...xTicks]) {
    svg.append(draw('text', {x: x(epoch), y: height - 10, 'text-anchor': 'middle'}, epoch));
  }
  svg.append(draw('text', {x: 0, y: height - 10}, 'epoch'));
  if (report.epoch >= first && report.epoch <= last) {
    svg.append(draw('line', {x1: x(report.epoch), x2: x(report.epoch), y1: top, y2: height - bottom, class: 'dash'}),
      draw('text', {x: x(report.epoch), y: top - 6, 'text-anchor': 'middle'}, 'evaluated'));
  }
  const ends = [];
  for (const [kind, key] of [['train', trainKey], ['val', valKey]]) {
    const points = epochs.filter((line) => line[key] !== null).map((line) => [x(line.epoch), y(line[key])]);
    if (points.length === 0) continue;
    svg.append(draw('path', {class: kind, d: 'M' + points.map((p) => p.map((v) => v.toFixed(1)).join(' ')).join('L')}));
    if (points.length < 12) svg.append(...points.map((p) => draw('circle', {class: kind, cx: p[0], cy: p[1], r: 3})));
    ends.push({kind, y: points[points.length - 1][1], x: points[points.length - 1][0]});
  }
  if (ends.length === 2 && Math.abs(ends[0].y - ends[1].y) < 14) {
    const middle = (ends[0].y + ends[1].y) / 2, order = ends[0].y <= ends[1].y ? -1 : 1;
    ends[0].y = middle + 7 * order;
    ends[1].y = middle - 7 * order;
  }
  for (const end of ends) svg.append(draw('text', {class: end.kind, x: end.x + 8, y: end.y + 4}, end.kind));

  const cursor = draw('line', {y1: top, y2: height - bottom, class: 'axis', visibility: 'hidden'});
  svg.append(cursor);
  svg.addEventListener('pointermove', (event) => {
    const position = event.clientX - svg.getBoundingClientRect().left;
    const nearest = epochs.reduce((a, b) => Math.abs(x(b.epoch) - position) < Math.abs(x(a.epoch) - position) ? b : a);
    cursor.setAttribute('x1', x(nearest.epoch));
    cursor.setAttribute('x2', x(nearest.epoch));
    cursor.setAttribute('visibility', 'visible');
    showTip(event, `epoch ${nearest.epoch}\ntrain ${fixed(nearest[trainKey])}\nval ${fixed(nearest[valKey])}`);
  });
  svg.addEventListener('pointerleave', () => { cursor.setAttribute('visibility', 'hidden'); hideTip(); });
  return svg;
}

// --- Confusion matrix -----------------------------------------------------------------------------------------

const support = metrics.confusion.map((row) => row.reduce((a, b) => a + b, 0));

// Each class is followed by the one that it is confused with most, of those that are left.
function similarOrder() {
  const confused = (a, b) => metrics.confusion[a][b] + metrics.confusion[b][a];
  const left = classes.map((_, k) => k), order = [left.shift()];
  while (left.length > 0) {
    const end = order[order.length - 1];
    let best = 0;
    for (let i = 1; i < left.length; ++i) if (confused(end, left[i]) > confused(end, left[best])) best = i;
    order.push(...left.splice(best, 1));
  }
  return order;
}

function classOrder(by) {
  const order = classes.map((_, k) => k);
  if (by === 'recall') order.sort((a, b) => metrics.per_class[a].recall - metrics.per_class[b].recall || a - b);
  if (by === 'clips') order.sort((a, b) => support[b] - support[a] || a - b);
  return by === 'similar' ? similarOrder() : order;
}

const shorten = (text, letters) => text.length > letters ? text.slice(0, Math.max(1, letters - 1)) + '…' : text;

function matrix(width, showShares, order) {
  const longest = Math.max(...classes.map((name) => name.length));
  const labelWidth = Math.min(longest * 7 + 14, 170, Math.max(90, width * 0.32));
  const slant = Math.min(labelWidth, longest * 7) * 0.5;  // how far names above the matrix reach to the right
  const smallest = classes.length > 30 ? 10 : 24;
  const cell = Math.max(smallest, Math.min(46, Math.floor((width - labelWidth - slant) / classes.length)));
  const font = Math.min(12, cell * 0.95);
  const letters = Math.floor((labelWidth - 10) / (font * 0.58));
  const top = Math.min(labelWidth, longest * font * 0.6 + 10) * 0.9 + 8;
  const side = cell * classes.length;
  const svg = draw('svg', {width: labelWidth + side + slant, height: top + side + 4, role: 'img',
    'aria-label': 'Confusion matrix; the table of confusions below holds its largest entries'});
  const most = Math.max(1, ...metrics.confusion.flat());
  svg.append(draw('rect', {x: labelWidth, y: top, width: side, height: side, fill: 'var(--grid)', 'fill-opacity': 0.6}));
  order.forEach((k, position) => {
    const middle = (position + 0.5) * cell;
    svg.append(
      draw('text', {x: labelWidth - 8, y: top + middle + font * 0.36, 'text-anchor': 'end', style: `font-size:${font}px`},
        shorten(classes[k], letters), draw('title', {}, classes[k])),
      draw('text', {transform: `translate(${labelWidth + middle + font * 0.3} ${top - 6}) rotate(-60)`, style: `font-size:${font}px`},
        shorten(classes[k], letters), draw('title', {}, classes[k])));
  });
  order.forEach((truth, row) => order.forEach((guess, column) => {
    const clips = metrics.confusion[truth][guess];
    if (clips === 0) return;
    const share = clips / support[truth];
    const strength = 0.18 + 0.82 * (showShares ? share : clips / most);
    const kind = truth === guess ? 'right' : 'wrong';
    const box = {x: labelWidth + column * cell, y: top + row * cell, width: cell, height: cell};
    svg.append(draw('rect', {...box, class: `cell ${kind}`, 'fill-opacity': strength.toFixed(3), 'data-row': truth, 'data-column': guess}));
    if (cell < 22) return;
    svg.append(draw('text', {x: box.x + cell / 2, y: box.y + cell / 2 + 4, 'text-anchor': 'middle', 'pointer-events': 'none',
      class: strength > 0.65 ? 'on-fill' : 'on-page'}, showShares ? Math.round(100 * share) : clips));
  }));
  const explain = (event) => {
    const data = event.target.dataset || {};
    if (data.row === undefined) return hideTip();
    const truth = Number(data.row), guess = Number(data.column), clips = metrics.confusion[truth][guess];
    showTip(event, `${classes[truth]} → ${classes[guess]}\n${clips} of ${count(support[truth], 'clip')}, ${percent(clips / support[truth])}`);
  };
  svg.addEventListener('pointermove', explain);
  svg.addEventListener('pointerdown', explain);
  svg.addEventListener('pointerleave', hideTip);
  return svg;
}

// --- Reliability diagram --------------------------------------------------------------------------------------

function reliabilityChart(width) {
  const {bins} = metrics.calibration;
  const left = 40, right = 8, side = width - left - right, top = 8, below = 56, bottom = top + side;
  const height = bottom + below + 44;
  const x = (value) => left + side * value, y = (value) => bottom - side * value;
  const svg = draw('svg', {width, height, role: 'img', 'aria-label': 'Accuracy by probability of the prediction'});
  for (const value of [0, 0.25, 0.5, 0.75, 1]) {
    svg.append(draw('line', {x1: left, x2: x(1), y1: y(value), y2: y(value), class: 'grid'}),
      draw('text', {x: left - 8, y: y(value) + 4, 'text-anchor': 'end'}, percent(value).replace(' %', '')),
      draw('text', {x: x(value), y: height - 22, 'text-anchor': value === 1 ? 'end' : 'middle'}, percent(value).replace(' %', '')));
  }
  const most = Math.max(1, ...bins.map((bin) => bin.clips));
  const base = bottom + below;
  for (const bin of bins.filter((one) => one.clips > 0)) {
    const box = {x: x(bin.low) + 1, width: side / bins.length - 2};
    const lower = Math.min(bin.accuracy, bin.confidence), gap = Math.abs(bin.accuracy - bin.confidence);
    const group = draw('g', {class: 'bin'},
      draw('rect', {x: x(bin.low), y: top, width: side / bins.length, height: base - top, fill: 'transparent'}),
      draw('rect', {...box, y: y(lower), height: Math.max(1, bottom - y(lower)), fill: 'var(--right)', 'fill-opacity': 0.8}),
      draw('rect', {...box, y: y(lower + gap), height: side * gap, fill: 'var(--wrong)', 'fill-opacity': bin.accuracy > bin.confidence ? 0.8 : 0.3}),
      draw('rect', {...box, y: base - 36 * bin.clips / most, height: 36 * bin.clips / most, fill: 'var(--train)'}));
    group.addEventListener('pointermove', (event) => showTip(event,
      `${count(bin.clips, 'clip')}\nprobability ${percent(bin.confidence, 1)}\nright ${percent(bin.accuracy, 1)}`));
    svg.append(group);
  }
  svg.addEventListener('pointerleave', hideTip);
  svg.append(draw('line', {x1: x(0), y1: y(0), x2: x(1), y2: y(1), class: 'dash'}),
    draw('line', {x1: left, x2: x(1), y1: base, y2: base, class: 'axis'}),
    draw('text', {x: left - 8, y: base, 'text-anchor': 'end'}, 'clips'),
    draw('text', {x: x(0.5), y: height - 4, 'text-anchor': 'middle'}, 'probability of the prediction, %'),
    draw('text', {x: left + 8, y: y(1) + 16}, 'right, %'));
  return svg;
}
