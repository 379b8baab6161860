// Runs steps of train_step.onnx in one installed version of onnxruntime-web through its public interface and prints JSON.
// node living-step.mjs FOLDER CASE.json, where FOLDER is the one in which npm installed onnxruntime-web.
import fs from 'node:fs';
import path from 'node:path';
import { createRequire } from 'node:module';

const [folder, file] = process.argv.slice(2);
const ort = createRequire(path.join(path.resolve(folder), 'package.json'))('onnxruntime-web');
ort.env.wasm.numThreads = 1;
ort.env.logLevel = 'error';

const arrays = { Float32: Float32Array, Int64: BigInt64Array, Int32: Int32Array, Bool: Uint8Array };
const tensor = ({ type, dims, data }) => {
  const bytes = new Uint8Array(Buffer.from(data, 'base64'));
  return new ort.Tensor(type.toLowerCase(), new arrays[type](bytes.buffer), dims);
};

const { steps, parameters, step: { inputs, next, loss } } = JSON.parse(fs.readFileSync(file, 'utf8'));
const model = new Uint8Array(fs.readFileSync(path.join(path.dirname(file), 'train_step.onnx')));
try {
  const session = await ort.InferenceSession.create(model, { executionProviders: ['wasm'] });
  const feeds = Object.fromEntries(inputs.map(input => [input.name, tensor(input)]));
  const losses = [];
  for (let i = 0; i < steps; i++) {
    const outputs = await session.run(feeds, [loss, ...Object.values(next)]);
    losses.push(outputs[loss].data[0]);
    for (const [name, output] of Object.entries(next)) feeds[name] = outputs[output];
  }
  const base64 = ({ data }) => Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64');
  const result = { losses, parameters: Object.fromEntries(parameters.map(name => [name, base64(feeds[name])])) };
  process.stdout.write(JSON.stringify(result), () => process.exit(0));
} catch (error) {
  console.error(String(error?.message ?? error));
  process.exit(1);
}
