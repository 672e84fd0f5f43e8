import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../../base/testing/fake-clock.ts';
import { Debounce } from './debounce.ts';

function setUp(run: () => Promise<void> = async () => undefined) {
  const clock = new FakeClock();
  let runs = 0;
  const debounce = new Debounce({ clock, quietMs: 5, ceilingMs: 20 }, () => {
    runs++;
    return run();
  });
  return { clock, debounce, runs: () => runs };
}

test('a burst is one run, when it has been quiet', async () => {
  const { clock, debounce, runs } = setUp();
  for (let i = 0; i < 3; i++) {
    debounce.touch();
    await clock.advance(3);
  }
  assert.equal(runs(), 0);
  await clock.advance(2);
  assert.equal(runs(), 1);
});

test('a burst that does not end is cut at the ceiling', async () => {
  const { clock, debounce, runs } = setUp();
  for (let ms = 0; ms < 42; ms += 2) {
    debounce.touch();
    await clock.advance(2);
  }
  assert.equal(runs(), 2);
});

test('an urgent change takes a waiting burst along at once', async () => {
  const { clock, debounce, runs } = setUp();
  debounce.touch();
  debounce.urgent();
  await clock.advance(0);
  assert.equal(runs(), 1);
  await clock.advance(30);
  assert.equal(runs(), 1);
});

test('what changes during a run is taken up after it, never beside it', async () => {
  let finish: () => void = () => undefined;
  let inside = 0;
  const { clock, debounce, runs } = setUp(async () => {
    assert.equal(++inside, 1);
    await new Promise<void>((resolve) => (finish = resolve));
    inside--;
  });
  debounce.urgent();
  await clock.advance(0);
  debounce.urgent();
  debounce.touch();
  await clock.advance(10);
  assert.equal(runs(), 1);
  finish();
  await clock.advance(0);
  assert.equal(runs(), 2);
  finish();
  await clock.advance(50);
  assert.equal(runs(), 2);
});
