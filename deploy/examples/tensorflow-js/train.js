// A training program of one's own in JavaScript: a batch-norm network on three spirals that wind around each other. It
// reports after every epoch, and saves all that training goes on from, so that a trial that was interrupted, or paused,
// ends with the same numbers, bit for bit, as one that ran through.
//
// Runs alone as well: node train.js
'use strict';
const fs = require('fs');
const path = require('path');
const tf = require('@tensorflow/tfjs');
const {spirals, shuffled} = require('./data');

const EPOCHS = 27;
const env = process.env;
const parameters = {
  learning_rate: 0.02, momentum: 0.9, units: 16, layers: 2, batch_size: 32,
  ...JSON.parse(env.CAVIAR_PARAMETERS || '{}'),
};
const seed = Number(env.CAVIAR_SEED || 1);

function makeNetwork() {
  const network = tf.sequential();
  for (let layer = 0; layer < parameters.layers; ++layer) {
    // No bias: batch norm has one of its own.
    network.add(tf.layers.dense({
      units: parameters.units, useBias: false, inputShape: layer === 0 ? [2] : undefined,
      kernelInitializer: tf.initializers.heNormal({seed: seed + layer}),
    }));
    network.add(tf.layers.batchNormalization({momentum: 0.9}));
    network.add(tf.layers.activation({activation: 'relu'}));
  }
  network.add(tf.layers.dense({
    units: 3, activation: 'softmax', kernelInitializer: tf.initializers.glorotNormal({seed: seed - 1}),
  }));
  network.compile({
    optimizer: tf.train.momentum(parameters.learning_rate, parameters.momentum),
    loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'],
  });
  return network;
}

// Tensors as JSON that keeps every bit.
function pack(tensor) {
  const data = tensor.dataSync();
  return {
    shape: tensor.shape, dtype: tensor.dtype,
    bytes: Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64'),
  };
}
function unpack({shape, dtype, bytes}) {
  const buffer = new Uint8Array(Buffer.from(bytes, 'base64')).buffer;
  return tf.tensor(dtype === 'int32' ? new Int32Array(buffer) : new Float32Array(buffer), shape, dtype);
}

// A checkpoint has the weights (with batch norm's averages) and the optimizer's state. The order of the examples needs no
// state: it follows from the seed and the epoch. It counts once it has its name.
async function save(network, epoch) {
  const folder = env.CAVIAR_CHECKPOINT_DIR;
  if (!folder) return;
  const optimizer = await network.optimizer.getWeights();
  const state = {
    epoch, weights: network.getWeights().map(pack),
    optimizer: optimizer.map(({name, tensor}) => ({name, tensor: pack(tensor)})),
  };
  const unfinished = path.join(folder, `.step-${epoch}`);
  fs.writeFileSync(unfinished, JSON.stringify(state));
  fs.renameSync(unfinished, path.join(folder, `step-${epoch}`));
}

async function load(network) {
  if (!env.CAVIAR_LATEST_CHECKPOINT) return 0;
  const state = JSON.parse(fs.readFileSync(env.CAVIAR_LATEST_CHECKPOINT));
  network.setWeights(state.weights.map(unpack));
  await network.optimizer.setWeights(
      state.optimizer.map(({name, tensor}) => ({name, tensor: unpack(tensor)})));
  return state.epoch;
}

async function main() {
  await tf.setBackend('cpu');
  const network = makeNetwork();
  const train = spirals(600, 1);
  const validation = spirals(300, 2);
  for (let epoch = await load(network) + 1; epoch <= EPOCHS; ++epoch) {
    const {inputs, labels} = shuffled(train, seed + 1000 * epoch);
    const x = tf.tensor2d(inputs), y = tf.tensor1d(labels);
    const history = await network.fit(
        x, y, {epochs: 1, batchSize: parameters.batch_size, shuffle: false, verbose: 0});
    const validationX = tf.tensor2d(validation.inputs), validationY = tf.tensor1d(validation.labels);
    const [loss, accuracy] = network.evaluate(validationX, validationY).map((each) => each.dataSync()[0]);
    tf.dispose([x, y, validationX, validationY]);
    // The worker reads this line; where the trial is to stop, it ends the program.
    console.log('caviar: ' + JSON.stringify(
        {step: epoch, validation_accuracy: accuracy, validation_loss: loss, train_loss: history.history.loss[0]}));
    await save(network, epoch);
  }
}

main();
