// The accuracy formula and the normalization of answers, on cases worked out by hand from the authors' definition.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exactMatch, normalizeAnswer, vqaAccuracy } from '../../lib/optimize/vqa-accuracy';

const times = (count: number, answer: string): string[] => Array.from({ length: count }, () => answer);

test('leave one out: min(1, others / 3), averaged over ten', () => {
  // With n of ten people: the n who said it see n - 1 others, the 10 - n see n.
  const expected = [0, 0.3, 0.6, 0.9, 1, 1, 1, 1, 1, 1];
  expected.forEach((value, n) => assert.ok(Math.abs(vqaAccuracy('2', [...times(n, '2'), ...times(10 - n, '3')]) - value) < 1e-12, `${n} of ten`));
  assert.equal(vqaAccuracy('yes', times(10, 'yes')), 1);
  assert.equal(vqaAccuracy('no', times(10, 'yes')), 0);
});

test('answers are compared normalized, unless everybody said the same', () => {
  assert.equal(vqaAccuracy('Two', [...times(5, '2'), ...times(5, 'two.')]), 1);
  assert.equal(vqaAccuracy('2', times(10, 'two')), 0); // the authors' script compares the plain texts then
});

test('normalization', () => {
  for (const [answer, expected] of [
    ['Two dogs, dont!', "2 dogs don't"], ['The Beach', 'beach'], ['a an the', ''], ['none', '0'], ['TEN', '10'],
    ['3.5', '3.5'], ['yes.', 'yes'], ['1,000', '1000'], ['red/white', 'red white'], ['red / white', 'red white'],
    ['couldntve', "couldn't've"], ["couldnt've", "couldn't've"], ['wont', "won't"], ['its', 'its'], ['were', 'were'], ['hell', 'hell'],
    ['  spaced\n out\t', 'spaced out'], ['(left)', 'left'], ['t-shirt', 't shirt'],
  ]) assert.equal(normalizeAnswer(answer), expected, JSON.stringify(answer));
});

test('exact match takes the most frequent answer, the first of equals', () => {
  assert.ok(exactMatch('two', ['2']));
  assert.ok(!exactMatch('3', ['2']));
  assert.ok(exactMatch('red', ['blue', 'red', 'Red']));
  assert.ok(exactMatch('blue', ['blue', 'red']));
});
