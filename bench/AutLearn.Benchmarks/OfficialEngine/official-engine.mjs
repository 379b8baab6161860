// Runs one case in the official training engine and in the plain build of the same version, in turns, and prints JSON.
// node official-engine.mjs ENGINE_DIST CASE.json
// Both are called below their JavaScript interface, so that tensors stay in WebAssembly memory: nothing is copied or created in a step.
import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const [dist, file] = process.argv.slice(2);
const test = JSON.parse(fs.readFileSync(file, 'utf8'));
const folder = path.dirname(file);
const types = { Float32: 1, Int32: 6, Int64: 7, Bool: 9 };

/** One WebAssembly build of ONNX Runtime, one thread. */
class Engine {
  static async load(name) {
    const { default: create } = await import(pathToFileURL(path.join(dist, `${name}.mjs`)));
    const wasm = await create({ numThreads: 1, locateFile: f => path.join(dist, f) });
    const engine = new Engine();
    engine.wasm = wasm;
    engine.check(wasm._OrtInit(1, 3));
    // What the JavaScript interface sets: all optimizations, arena, memory pattern, sequential.
    engine.options = wasm._OrtCreateSessionOptions(99, true, true, 0, false, 0, engine.string('case'), 3, 0, 0);
    engine.runOptions = wasm._OrtCreateRunOptions(3, 0, false, 0);
    return engine;
  }

  check(code) {
    if (code === 0) return;
    const [status, text] = [this.wasm._malloc(4), this.wasm._malloc(4)];
    this.wasm._OrtGetLastError(status, text);
    throw new Error(this.wasm.UTF8ToString(this.wasm.HEAPU32[text / 4]));
  }

  handle(value) {
    if (value === 0) this.check(1);
    return value;
  }

  bytes(data) {
    const offset = this.wasm._malloc(data.length);
    this.wasm.HEAPU8.set(data, offset);
    return offset;
  }

  string(text) {
    return this.bytes(new TextEncoder().encode(`${text}\0`));
  }

  pointers(values) {
    const offset = this.wasm._malloc(4 * Math.max(1, values.length));
    values.forEach((value, i) => { this.wasm.HEAPU32[offset / 4 + i] = value; });
    return offset;
  }

  // Buffers are aligned as ONNX Runtime's own are.
  tensor({ type, dims, data }) {
    const content = Buffer.from(data, 'base64');
    const offset = Math.ceil((this.wasm._malloc(content.length + 64)) / 64) * 64;
    this.wasm.HEAPU8.set(content, offset);
    return this.handle(this.wasm._OrtCreateTensor(types[type], offset, content.length, this.pointers(dims), dims.length, 1));
  }

  floatOf(tensor) {
    const out = this.pointers([0, 0, 0, 0]);
    this.check(this.wasm._OrtGetTensorData(tensor, out, out + 4, out + 8, out + 12));
    const value = this.wasm.HEAPF32[this.wasm.HEAPU32[out / 4 + 1] / 4];
    this.wasm._OrtFree(this.wasm.HEAPU32[out / 4 + 2]);
    this.wasm._free(out);
    return value;
  }
}

/** The official artifact set. */
class Official {
  constructor(engine) {
    this.engine = engine;
    const read = name => fs.readFileSync(path.join(folder, 'official', name));
    this.files = ['checkpoint', 'training_model.onnx', 'eval_model.onnx', 'optimizer_model.onnx'].map(name => {
      const content = read(name);
      return [engine.bytes(content), content.length];
    });
  }

  open() {
    const { wasm, options } = this.engine;
    const [checkpoint, ...models] = this.files;
    this.checkpoint = this.engine.handle(wasm._OrtTrainingLoadCheckpoint(...checkpoint));
    this.session = this.engine.handle(wasm._OrtTrainingCreateSession(options, this.checkpoint, ...models.flat()));
  }

  close() {
    this.engine.wasm._OrtTrainingReleaseSession(this.session);
    this.engine.wasm._OrtTrainingReleaseCheckpoint(this.checkpoint);
  }

  prepare() {
    const { engine, engine: { wasm } } = this;
    const counts = engine.pointers([0, 0]);
    engine.check(wasm._OrtTrainingGetModelInputOutputCount(this.session, counts, counts + 4, false));
    [this.inputCount, this.outputCount] = [wasm.HEAPU32[counts / 4], wasm.HEAPU32[counts / 4 + 1]];
    const names = [...Array(this.inputCount).keys()].map(i => wasm.UTF8ToString(wasm._OrtTrainingGetModelInputOutputName(this.session, i, true, false)));
    this.inputs = engine.pointers(names.map(name => engine.tensor(test.official[name])));
    this.outputs = engine.pointers(Array(this.outputCount).fill(0));
  }

  step(wantsLoss) {
    const { engine, engine: { wasm, runOptions } } = this;
    wasm.HEAPU32.fill(0, this.outputs / 4, this.outputs / 4 + this.outputCount);
    engine.check(wasm._OrtTrainingRunTrainStep(this.session, this.inputs, this.inputCount, this.outputs, this.outputCount, runOptions));
    const loss = wantsLoss ? engine.floatOf(wasm.HEAPU32[this.outputs / 4]) : 0;
    for (let i = 0; i < this.outputCount; i++) wasm._OrtReleaseTensor(wasm.HEAPU32[this.outputs / 4 + i]);
    engine.check(wasm._OrtTrainingOptimizerStep(this.session, runOptions));
    engine.check(wasm._OrtTrainingLazyResetGrad(this.session));
    return loss;
  }
}

/** AutLearn's step: parameters and states live in two sets of tensors, read and written in turns. */
class Plain {
  constructor(engine) {
    this.engine = engine;
    const content = fs.readFileSync(path.join(folder, 'train_step.onnx'));
    this.model = [engine.bytes(content), content.length];
  }

  open() {
    this.session = this.engine.handle(this.engine.wasm._OrtCreateSession(...this.model, this.engine.options));
  }

  close() {
    this.engine.wasm._OrtReleaseSession(this.session);
  }

  prepare() {
    const { engine } = this;
    const { inputs, next, loss } = test.step;
    const sets = [0, 1].map(set => Object.fromEntries(inputs.map(input => [input.name, set === 0 || next[input.name] ? engine.tensor(input) : 0])));
    const names = inputs.map(input => input.name), updated = Object.keys(next);
    this.inputNames = engine.pointers(names.map(name => engine.string(name)));
    this.outputNames = engine.pointers([loss, ...Object.values(next)].map(name => engine.string(name)));
    this.inputs = [0, 1].map(set => engine.pointers(names.map(name => sets[next[name] ? set : 0][name])));
    this.outputs = [1, 0].map(set => engine.pointers([0, ...updated.map(name => sets[set][name])]));
    [this.inputCount, this.outputCount] = [names.length, updated.length + 1];
    this.set = 0;
  }

  step(wantsLoss) {
    const { engine, engine: { wasm, runOptions }, set } = this;
    const outputs = this.outputs[set];
    wasm.HEAPU32[outputs / 4] = 0;
    engine.check(wasm._OrtRun(this.session, this.inputNames, this.inputs[set], this.inputCount, this.outputNames, this.outputCount, outputs, runOptions));
    const tensor = wasm.HEAPU32[outputs / 4];
    const loss = wantsLoss ? engine.floatOf(tensor) : 0;
    wasm._OrtReleaseTensor(tensor);
    this.set = 1 - set;
    return loss;
  }
}

const timed = action => {
  const start = performance.now();
  action();
  return performance.now() - start;
};
const sides = [new Official(await Engine.load('ort-training-wasm-simd-threaded')), new Plain(await Engine.load('ort-wasm-simd-threaded'))];
const result = { creations: [[], []], losses: [[], []], times: [[], []] };

for (let i = 0; i <= test.creations; i++) {
  sides.forEach((side, s) => {
    const time = timed(() => side.open());
    if (i > 0) result.creations[s].push(time);
    if (i < test.creations) side.close();
  });
}

sides.forEach((side, s) => {
  side.prepare();
  for (let i = 0; i < test.checkedSteps; i++) result.losses[s].push(side.step(true));
});
const run = (side, steps) => timed(() => {
  for (let i = 0; i < steps; i++) side.step(false);
}) / steps;

// Until the machine code of all kernels is the optimized one, which the JavaScript engine makes beside.
for (let start = performance.now(); performance.now() - start < test.warmUpMilliseconds;) {
  sides.forEach(side => run(side, 1));
  await new Promise(resolve => setImmediate(resolve));
}
const steps = Math.max(1, Math.ceil(test.runMilliseconds / run(sides[0], 3)));
for (let i = 0; i < test.pairs; i++) {
  sides.forEach((side, s) => {
    side.step(false);
    result.times[s].push(run(side, steps));
  });
}
console.log(JSON.stringify(result));
process.exit(0);
