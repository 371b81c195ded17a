// Made-up data, the same each time.
'use strict';

// mulberry32: numbers in [0, 1).
function random(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6D2B79F5) >>> 0;
    let bits = Math.imul(state ^ (state >>> 15), 1 | state);
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
    return ((bits ^ (bits >>> 14)) >>> 0) / 4294967296;
  };
}

// Points on three arms, one a class, with noise: {inputs: [count × 2], labels: [count]}.
function spirals(count, seed) {
  const next = random(seed);
  const inputs = [], labels = [];
  for (let i = 0; i < count; ++i) {
    const label = i % 3;
    const radius = 0.1 + 0.9 * next();
    const angle = 6 * radius + label * 2 * Math.PI / 3 + 1.2 * (next() - 0.5);
    inputs.push([radius * Math.cos(angle), radius * Math.sin(angle)]);
    labels.push(label);
  }
  return {inputs, labels};
}

// The same examples in an order that the seed says (Fisher and Yates).
function shuffled({inputs, labels}, seed) {
  const next = random(seed);
  const order = labels.map((_, i) => i);
  for (let i = order.length - 1; i > 0; --i) {
    const j = Math.floor(next() * (i + 1));
    [order[i], order[j]] = [order[j], order[i]];
  }
  return {inputs: order.map((i) => inputs[i]), labels: order.map((i) => labels[i])};
}

module.exports = {spirals, shuffled};
