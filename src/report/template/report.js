// The report's sections, from the elements and charts above.

// --- Summary --------------------------------------------------------------------------------------------------

function figure(name, value, range) {
  const track = () => draw('svg', {width: '100%', height: 6, 'aria-hidden': 'true'},
    draw('line', {x1: '0%', x2: '100%', y1: 3, y2: 3, stroke: 'var(--line)', 'stroke-width': 2}),
    draw('line', {x1: percent(range[0], 2).replace(' ', ''), x2: percent(range[1], 2).replace(' ', ''), y1: 3, y2: 3,
      stroke: 'var(--right)', 'stroke-width': 4, 'stroke-opacity': 0.45, 'stroke-linecap': 'round'}),
    draw('circle', {cx: percent(value, 2).replace(' ', ''), cy: 3, r: 3, fill: 'var(--right)'}));
  return el('div', {class: 'figure'},
    el('div', {class: 'name'}, name),
    el('div', {class: 'value'}, fixed(value)),
    el('div', {class: 'range'}, range ? `${range[0].toFixed(2)} to ${range[1].toFixed(2)}` : ''),
    range ? track() : null);
}

function summary() {
  document.title = `${report.title} · actrec`;
  byId('title').textContent = report.title;
  byId('subtitle').textContent = report.subtitle;
  const ranges = metrics.confidence_intervals || {};
  byId('figures').append(
    figure('Top-1 accuracy', metrics.top1, ranges.top1),
    figure('Mean class accuracy', metrics.mean_class_accuracy, ranges.mean_class_accuracy),
    figure('Macro F1', metrics.macro_f1, ranges.macro_f1),
    ...(classes.length > 5 ? [figure('Top-5 accuracy', metrics.top5)] : []),
    figure('Loss', metrics.loss));
  for (const note of report.notes) {
    byId('notes').append(el('li', {class: note.warning ? 'note warn' : 'note'}, note.text));
  }
}

// --- Learning curves ------------------------------------------------------------------------------------------

function learningCurves() {
  if (report.epochs.length === 0) return hide('curves');
  for (const spec of [['Loss', 'train_loss', 'val_loss', false], ['Top-1 accuracy', 'train_top1', 'val_top1', true]]) {
    const chart = el('div');
    byId('curve-charts').append(chart);
    responsive(chart, (width) => curve(width, ...spec));
  }
}

// --- Confusion matrix -----------------------------------------------------------------------------------------

function confusionMatrix() {
  if (classes.length <= 8) byId('matrix-parts').classList.add('beside');
  if (classes.length > 60) byId('matrix').classList.add('wide');
  const values = byId('matrix-values'), order = byId('matrix-order');
  const redraw = responsive(byId('matrix'), (width) => matrix(width, values.value === 'shares', classOrder(order.value)));
  values.addEventListener('change', redraw);
  order.addEventListener('change', redraw);

  const confusions = [];
  metrics.confusion.forEach((row, truth) => row.forEach((clips, guess) => {
    if (truth !== guess && clips > 0) confusions.push({truth, guess, clips, share: clips / support[truth]});
  }));
  confusions.sort((a, b) => b.clips - a.clips || b.share - a.share);
  if (confusions.length === 0) return hide('confusions');
  byId('confusions').querySelector('.scroll').append(el('table', {},
    el('thead', {}, el('tr', {}, el('th', {}, 'true class'), el('th', {class: 'text'}, 'predicted'), el('th', {}, 'clips'), el('th', {}, 'of the class'))),
    el('tbody', {}, ...confusions.slice(0, 10).map((one) => el('tr', {}, el('td', {}, classes[one.truth]),
      el('td', {class: 'text'}, classes[one.guess]), el('td', {}, one.clips), el('td', {}, percent(one.share)))))));
}

// --- Classes --------------------------------------------------------------------------------------------------

function classTable() {
  const columns = [['class', 'class'], ['clips', 'clips'], ['precision', 'precision'], ['recall', 'recall'], ['F1', 'f1']];
  let key = 'class', ascending = true, filter = '';
  const body = el('tbody');
  const heads = columns.map(([title, name]) => {
    const button = el('button', {type: 'button'}, title);
    const head = el('th', {scope: 'col', 'data-key': name}, button);
    button.addEventListener('click', () => {
      ascending = key === name ? !ascending : name !== 'clips';
      key = name;
      update();
    });
    return head;
  });
  const row = (one) => el('tr', one.clips === 0 ? {class: 'empty'} : {}, el('td', {}, one.class), el('td', {}, one.clips),
    ...['precision', 'recall', 'f1'].map((name) => el('td', {class: 'bar', style: `--share:${100 * one[name]}%`}, fixed(one[name]))));
  function update() {
    const rows = metrics.per_class.filter((one) => one.class.toLowerCase().includes(filter));
    if (key !== 'class' || !ascending) {
      rows.sort((a, b) => (ascending ? 1 : -1) * (key === 'class' ? a.class.localeCompare(b.class) : a[key] - b[key]));
    }
    body.replaceChildren(...rows.map(row));
    heads.forEach((head) => {
      if (head.dataset.key === key) head.setAttribute('aria-sort', ascending ? 'ascending' : 'descending');
      else head.removeAttribute('aria-sort');
    });
  }
  update();
  const container = byId('class-table');
  container.append(el('table', {}, el('thead', {}, el('tr', {}, ...heads)), body));
  if (classes.length <= 20) return;
  container.classList.add('tall');
  const input = el('input', {type: 'search', placeholder: 'part of a name', 'aria-label': 'Find a class'});
  input.addEventListener('input', () => { filter = input.value.toLowerCase(); update(); });
  byId('class-controls').append(el('label', {}, 'Find ', input));
}

// --- Reliability ----------------------------------------------------------------------------------------------

function reliability() {
  const calibration = metrics.calibration;
  if (!calibration || metrics.clips === 0) return hide('reliability');
  responsive(byId('reliability-chart'), (width) => reliabilityChart(Math.min(width, 420)));
  byId('reliability-text').append(
    el('p', {}, 'Of the predictions with a probability of 80 %, 80 % should be right: bars should end at the dashed line. ' +
      'Pale orange is what is missing, where the model is too sure; full orange where it could be surer.'),
    el('dl', {},
      el('dt', {}, 'Expected calibration error'), el('dd', {}, fixed(calibration.ece)),
      el('dt', {}, 'without temperature'), el('dd', {}, fixed(calibration.ece_uncalibrated)),
      el('dt', {}, 'Temperature'), el('dd', {}, calibration.temperature.toFixed(3)),
      el('dt', {}, 'Loss'), el('dd', {}, fixed(calibration.loss)),
      el('dt', {}, 'without temperature'), el('dd', {}, fixed(metrics.loss))),
    el('p', {class: 'muted'}, calibration.temperature === 1
      ? 'The checkpoint has no temperature: its probabilities are as the network gives them.'
      : 'The temperature was fitted on the validation split in training; logits are divided by it, which changes no prediction.'));
}

// --- Filmstrips -----------------------------------------------------------------------------------------------

function strips(id, list) {
  if (list.length === 0) return hide(id);
  for (const one of list) {
    const hit = one.label === one.prediction;
    const [first, ...others] = one.top;
    byId(id).querySelector('.strips').append(el('figure', {class: 'strip'},
      el('figcaption', {},
        el('div', {}, el('span', {class: 'truth'}, one.label), hit ? null : ' → ',
          hit ? null : el('span', {class: 'guess'}, one.prediction), ' ', el('span', {class: hit ? 'guess hit' : 'guess'}, percent(first[1], 1))),
        el('div', {class: 'others'}, others.map(([name, value]) => `${name} ${percent(value, 1)}`).join(', ')),
        el('div', {class: 'clip'}, one.clip)),
      el('div', {class: 'frames'}, ...one.frames.map((frame, k) =>
        el('img', {src: 'data:image/jpeg;base64,' + frame, alt: `frame ${k + 1} of ${one.frames.length}`})))));
  }
}

// --- Time -----------------------------------------------------------------------------------------------------

function timeBars() {
  if (!report.ablation) return hide('time');
  byId('time-sentence').textContent = report.ablation.sentence;
  for (const [name, value] of report.ablation.rows) {
    const whole = name === report.ablation.rows[0][0];
    const points = Math.round(100 * (value - report.ablation.rows[0][1]));
    byId('time-bars').append(el('div', {}, name),
      el('div', {class: 'track'}, el('div', {class: whole ? 'fill whole' : 'fill', style: `width:${100 * value}%`})),
      el('div', {class: 'number'}, fixed(value)),
      el('div', {class: 'number muted'}, whole ? '' : `${points > 0 ? '+' : ''}${points} points`));
  }
}

// --- Data set, environment ------------------------------------------------------------------------------------

function facts(id, pairs) {
  for (const [name, value] of pairs) byId(id).append(el('dt', {}, name), el('dd', {}, value));
}

function dataSet() {
  if (report.splits.length > 0) {
    byId('split-table').append(el('table', {},
      el('thead', {}, el('tr', {}, ...['split', 'clips', 'groups', 'classes'].map((name) => el('th', {}, name)))),
      el('tbody', {}, ...report.splits.map((one) => el('tr', {}, el('td', {}, one.name), el('td', {}, one.clips),
        el('td', {}, one.groups || 'none known'), el('td', {}, one.classes))))));
  }
  facts('split-facts', report.split_facts);
  facts('environment', report.environment);
  byId('configuration').textContent = JSON.stringify(report.config, null, 2);
}

function contents() {
  for (const section of document.querySelectorAll('main section[id]')) {
    const title = section.querySelector('h2');
    if (title) byId('contents').append(el('a', {href: '#' + section.id}, title.textContent));
  }
}

summary();
learningCurves();
confusionMatrix();
classTable();
reliability();
strips('mistakes', report.mistakes);
strips('uncertain', report.uncertain);
timeBars();
dataSet();
contents();
