'use strict';
// Reads a package, predicts with inference.onnx and learns with train_step.onnx; manifest.json alone says what their inputs and outputs are.

const byId = id => document.getElementById(id);
const LARGEST_PACKAGE = 1 << 30;
const ARRAYS = { Float32: Float32Array, Int64: BigInt64Array, Int32: Int32Array };
const SAFETENSORS = { F32: 'Float32', I64: 'Int64', I32: 'Int32' };

let model = null;
let examples = [];

// ---- The package: a zip archive of stored or deflated files, with the hash of each in the manifest.

async function unzip(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let end = bytes.length - 22;
  while (end >= 0 && view.getUint32(end, true) !== 0x06054b50) end--;
  if (end < 0) throw new Error('The file is no package: it has no zip directory.');
  const files = new Map();
  let total = 0;
  for (let i = 0, at = view.getUint32(end + 16, true), count = view.getUint16(end + 10, true); i < count; i++) {
    if (view.getUint32(at, true) !== 0x02014b50) throw new Error('The package is damaged: its zip directory ends early.');
    const method = view.getUint16(at + 10, true), packed = view.getUint32(at + 20, true), size = view.getUint32(at + 24, true);
    const nameLength = view.getUint16(at + 28, true), local = view.getUint32(at + 42, true);
    const name = new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + nameLength));
    total += size;
    if (total > LARGEST_PACKAGE) throw new Error(`The package unpacks to more than ${LARGEST_PACKAGE} bytes.`);
    const start = local + 30 + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
    files.set(name, () => inflate(bytes.subarray(start, start + packed), method, size, name));
    at += 46 + nameLength + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
  }
  return files;
}

async function inflate(packed, method, size, name) {
  if (method !== 0 && method !== 8) throw new Error(`'${name}' is packed in a way (${method}) that this page does not read.`);
  const content = new Uint8Array(size);
  const stream = new Blob([packed]).stream();
  const reader = (method === 0 ? stream : stream.pipeThrough(new DecompressionStream('deflate-raw'))).getReader();
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    if (length + value.length > size) throw new Error(`'${name}' is longer than the package says.`);
    content.set(value, length);
    length += value.length;
  }
  if (length !== size) throw new Error(`'${name}' is shorter than the package says.`);
  return content;
}

async function checkedFile(files, manifest, name) {
  const spec = manifest.files.find(f => f.path === name);
  if (!spec || !files.has(name)) throw new Error(`The package has no '${name}'.`);
  const content = await files.get(name)();
  const hash = Array.from(new Uint8Array(await crypto.subtle.digest('SHA-256', content)), b => b.toString(16).padStart(2, '0')).join('');
  if (hash !== spec.sha256) throw new Error(`'${name}' is not what the manifest describes: its hash differs.`);
  return content;
}

function readSafetensors(bytes, name) {
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getBigUint64(0, true));
  if (length > bytes.length - 8) throw new Error(`'${name}' is damaged: its header is longer than the file.`);
  const tensors = new Map();
  for (const [key, entry] of Object.entries(JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length))))) {
    if (key === '__metadata__') continue;
    const type = SAFETENSORS[entry.dtype];
    if (!type) throw new Error(`'${key}' is ${entry.dtype}, which this page does not read.`);
    const data = bytes.slice(8 + length + entry.data_offsets[0], 8 + length + entry.data_offsets[1]);
    tensors.set(key, tensor(type, new ARRAYS[type](data.buffer), entry.shape));
  }
  return tensors;
}

// ---- The model.

const tensor = (type, data, dims) => new ort.Tensor(type.toLowerCase(), data, dims);
const countOf = dims => dims.reduce((a, b) => a * b, 1);

function sizesOf(spec, from) {
  const sizes = spec.shape.slice(from).map(Number);
  if (sizes.some(s => !Number.isInteger(s))) throw new Error(`'${spec.name}' is [${spec.shape}]: this page knows inputs of fixed size only.`);
  return sizes;
}

function filled(state) {
  const type = state.tensor.element_type, dims = sizesOf(state.tensor, 0);
  const data = new ARRAYS[type](countOf(dims));
  return tensor(type, data.fill(type === 'Int64' ? BigInt(state.initial_value) : state.initial_value), dims);
}

async function open(file) {
  const files = await unzip(new Uint8Array(await file.arrayBuffer()));
  if (!files.has('manifest.json')) throw new Error('The file is no package: it has no manifest.json.');
  const manifest = JSON.parse(new TextDecoder().decode(await files.get('manifest.json')()));
  if (manifest.format_version !== 1) throw new Error(`The package has format ${manifest.format_version}; this page reads format 1.`);
  if (manifest.inputs.length !== 1 || !ARRAYS[manifest.inputs[0].element_type]) throw new Error('This page knows models of one input of numbers only.');
  if (!ARRAYS[manifest.labels.element_type]) throw new Error(`The labels are ${manifest.labels.element_type}, which this page cannot make.`);
  const read = name => checkedFile(files, manifest, name);
  const parameters = readSafetensors(await read('parameters.safetensors'), 'parameters.safetensors');
  const states = files.has('optimizer_state.safetensors') ? readSafetensors(await read('optimizer_state.safetensors'), 'optimizer_state.safetensors') : new Map();
  const initial = new Map(parameters);
  for (const state of manifest.optimizer_state) initial.set(state.tensor.name, states.get(state.tensor.name) ?? filled(state));
  const session = async name => ort.InferenceSession.create(await read(name), { executionProviders: ['wasm'] });
  const opened = {
    manifest, initial, values: new Map(initial), steps: 0,
    rowSizes: sizesOf(manifest.inputs[0], 1), labelSizes: sizesOf(manifest.labels, 1),
    inference: await session('inference.onnx'), step: await session('train_step.onnx'),
  };
  await model?.inference.release();
  await model?.step.release();
  model = opened;
}

function run(session, given, outputs) {
  const feeds = Object.fromEntries(session.inputNames.map(name => {
    const value = given[name] ?? model.values.get(name);
    if (!value) throw new Error(`The model wants '${name}', which the manifest does not name.`);
    return [name, value];
  }));
  return session.run(feeds, outputs);
}

function batchOf(field, spec, rowSizes) {
  const size = countOf(rowSizes), data = new ARRAYS[spec.element_type](size * examples.length);
  examples.forEach((example, i) => data.set(example[field], i * size));
  return tensor(spec.element_type, data, [examples.length, ...rowSizes]);
}

const inputs = () => ({ [model.manifest.inputs[0].name]: batchOf('input', model.manifest.inputs[0], model.rowSizes) });

async function learnStep(rate) {
  const { manifest } = model, given = inputs();
  const computed = manifest.boundary.filter(b => b.user_input === null).map(b => b.inference_output);
  const features = computed.length > 0 ? await run(model.inference, given, computed) : {};
  const feeds = {
    [manifest.labels.name]: batchOf('label', manifest.labels, model.labelSizes),
    [manifest.learning_rate_input]: tensor('Float32', Float32Array.of(rate), []),
  };
  for (const b of manifest.boundary) feeds[b.tensor.name] = b.user_input === null ? features[b.inference_output] : given[b.user_input];
  if (manifest.seed_input !== null) feeds[manifest.seed_input] = tensor('Int64', BigInt64Array.of(BigInt(model.steps)), []);
  const updated = [...manifest.parameters, ...manifest.optimizer_state];
  const outputs = await run(model.step, feeds, [manifest.loss_output, ...updated.map(u => u.updated_output)]);
  const loss = outputs[manifest.loss_output].data[0];
  for (const u of updated) {
    if (u.tensor.element_type === 'Float32' && !outputs[u.updated_output].data.every(Number.isFinite))
      throw new Error(`The step would leave '${u.tensor.name}' infinite or NaN; it was not applied. A smaller learning rate may help.`);
  }
  for (const u of updated) model.values.set(u.tensor.name, outputs[u.updated_output]);
  model.steps++;
  return loss;
}

// ---- Examples.

function labelOf(text) {
  const { labels, classes, logits } = model.manifest, size = countOf(model.labelSizes);
  const isClass = labels.element_type === 'Int64';
  const named = isClass ? classes.indexOf(text) : -1;
  const numbers = named >= 0 ? [named] : text.split(',').map(t => (t.trim() === '' ? NaN : Number(t)));
  if (numbers.length !== size || !numbers.every(Number.isFinite)) throw new Error(`'${text}' is no label: it must be ${classes.length > 0 ? `one of ${classes.slice(0, 40).join(', ')}` : `${size} numbers`}.`);
  if (!isClass) return numbers;
  const count = Number(logits.shape.at(-1));
  if (numbers.some(n => !Number.isInteger(n) || n < 0 || n >= count)) throw new Error(`'${text}' is no class: there are ${count}, counted from 0.`);
  return numbers.map(BigInt);
}

function rowOf(line) {
  const [values, label] = line.split('->').map(part => part.trim());
  const isInteger = model.manifest.inputs[0].element_type === 'Int64';
  const input = values.split(',').map(t => (t.trim() === '' ? NaN : Number(t)));
  const size = countOf(model.rowSizes);
  if (input.length !== size || !input.every(isInteger ? Number.isInteger : Number.isFinite)) throw new Error(`'${line}' must begin with ${size} ${isInteger ? 'whole ' : ''}numbers.`);
  if (!label) throw new Error(`'${line}' has no label: write '-> label' behind its numbers.`);
  return { input: isInteger ? input.map(BigInt) : input, label: labelOf(label), name: values, labelText: label };
}

// Where the square drawing stands in the model's input, and what of it shows, as the manifest says.
function fitOf({ fit, width, height, crop_fraction: crop, resize_side: side }, size) {
  const [w, h] = fit === 'ResizeThenCrop' ? [size * width / side, size * height / side] : fit ? [size, size] : [size * crop, size * crop];
  const shown = [(size - w) / 2, (size - h) / 2, w, h];
  if (fit !== 'Letterbox') return [...shown, 0, 0, width, height];
  const inner = Math.min(width, height);
  return [...shown, (width - inner) / 2, (height - inner) / 2, inner, inner];
}

// (level - mean) / std of each channel; planes first, or the channels of a pixel side by side. A drawing is grey: its order of colours makes no difference.
function drawnOf(canvas) {
  const preprocessing = model.manifest.preprocessing, { width, height, channels, mean, std, layout, pad_level: pad } = preprocessing;
  const small = new OffscreenCanvas(width, height).getContext('2d');
  small.fillStyle = `rgb(${pad ?? 0} ${pad ?? 0} ${pad ?? 0})`;
  small.fillRect(0, 0, width, height);
  small.imageSmoothingQuality = 'high';
  small.drawImage(canvas, ...fitOf(preprocessing, canvas.width));
  const pixels = small.getImageData(0, 0, width, height).data, plane = width * height;
  const [means, stds] = [mean, std].map(v => (Array.isArray(v) ? v : [v, v, v]));
  return Float32Array.from({ length: channels * plane }, (_, i) => {
    const [channel, at] = layout === 'Nhwc' ? [i % channels, Math.floor(i / channels)] : [Math.floor(i / plane), i % plane];
    return (pixels[4 * at] - means[channel]) / stds[channel];
  });
}

async function showExamples() {
  const body = byId('examples');
  if (examples.length === 0) return body.replaceChildren();
  const name = model.manifest.predictions[0].name, { classes } = model.manifest;
  const { data } = (await run(model.inference, inputs(), [name]))[name], size = data.length / examples.length;
  body.replaceChildren(...examples.map((example, i) => {
    const scores = Array.from(data.subarray(i * size, (i + 1) * size), Number), best = scores.indexOf(Math.max(...scores));
    const row = document.createElement('tr');
    for (const text of [example.name, example.labelText, size === classes.length ? classes[best] : size === 1 ? scores[0].toPrecision(6) : `${best}`])
      row.insertCell().textContent = text;
    row.cells[2].title = scores.slice(0, 100).map(s => s.toPrecision(9)).join(' ');
    return row;
  }));
}

// ---- The page.

let work = Promise.resolve();
function enqueue(action) {
  work = work.then(async () => {
    byId('problem').hidden = true;
    try {
      await action();
    } catch (error) {
      byId('problem').textContent = error.message ?? String(error);
      byId('problem').hidden = false;
    }
  });
}

// A page from a file may load scripts and nothing else, so ort-files.js brings the module and the WebAssembly code inside itself.
function prepare() {
  if (typeof ort === 'undefined' || typeof ortFiles === 'undefined') throw new Error('ONNX Runtime is missing: run eng/install-browser-sample.sh once.');
  ort.env.wasm.numThreads = 1;
  ort.env.wasm.wasmPaths = { mjs: URL.createObjectURL(new Blob([ortFiles.mjs], { type: 'text/javascript' })) };
  const text = atob(ortFiles.wasm), code = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) code[i] = text.charCodeAt(i);
  ort.env.wasm.wasmBinary = code.buffer;
}

function clear() {
  const context = byId('canvas').getContext('2d');
  context.fillStyle = 'black';
  context.fillRect(0, 0, 280, 280);
  Object.assign(context, { strokeStyle: 'white', lineWidth: 20, lineCap: 'round', lineJoin: 'round' });
}

// So that the same file can be chosen again.
byId('package').addEventListener('click', event => { event.target.value = ''; });
byId('package').addEventListener('change', event => enqueue(async () => {
  const [file] = event.target.files;
  if (!file) return;
  await open(file);
  const { manifest } = model;
  examples = [];
  byId('losses').replaceChildren();
  await showExamples();
  byId('drawing').hidden = manifest.preprocessing === null;
  byId('numbers').hidden = manifest.preprocessing !== null;
  byId('rate').value = manifest.defaults?.learning_rate ?? 0.001;
  byId('work').hidden = false;
  clear();
  byId('summary').textContent = `${manifest.model_name}: input [${manifest.inputs[0].shape.join(', ')}], ${manifest.parameters.length} tensors learn with ${manifest.optimizer.kind}; ONNX Runtime ${ort.env.versions.web}`;
}));

byId('canvas').addEventListener('pointerdown', event => {
  const context = event.target.getContext('2d');
  event.target.setPointerCapture(event.pointerId);
  context.beginPath();
  context.moveTo(event.offsetX, event.offsetY);
});
byId('canvas').addEventListener('pointermove', event => {
  if (event.buttons === 0) return;
  const context = event.target.getContext('2d');
  context.lineTo(event.offsetX, event.offsetY);
  context.stroke();
});
byId('clear').addEventListener('click', clear);
byId('add-drawing').addEventListener('click', () => enqueue(async () => {
  const labelText = byId('label').value.trim();
  examples.push({ input: drawnOf(byId('canvas')), label: labelOf(labelText), name: `drawing ${examples.length + 1}`, labelText });
  clear();
  await showExamples();
}));
byId('add-rows').addEventListener('click', () => enqueue(async () => {
  examples.push(...byId('rows').value.split('\n').filter(line => line.trim() !== '').map(rowOf));
  byId('rows').value = '';
  await showExamples();
}));
byId('learn').addEventListener('click', () => enqueue(async () => {
  const rate = Number(byId('rate').value), steps = Number(byId('steps').value);
  if (!(rate > 0) || !(steps >= 1)) throw new Error('Steps and learning rate must be above 0.');
  if (examples.length === 0) throw new Error('There is nothing to learn from: add an example first.');
  for (let i = 0; i < steps; i++) {
    const item = document.createElement('li');
    item.textContent = (await learnStep(rate)).toPrecision(9);
    byId('losses').append(item);
  }
  await showExamples();
}));
byId('reset').addEventListener('click', () => enqueue(async () => {
  model.values = new Map(model.initial);
  model.steps = 0;
  byId('losses').replaceChildren();
  await showExamples();
}));

enqueue(prepare);
