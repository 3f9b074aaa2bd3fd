import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { NameInLabels } from '../../../src-main/contract/rooms/teaching.ts'
import { namesToLearn, noChoices } from '../../../src-renderer/teach/names-to-learn.ts'

const name = (text: string, said: Partial<NameInLabels> = {}): NameInLabels => ({
  text,
  photos: 20,
  isCertain: true,
  isPerson: false,
  isForgotten: false,
  adapters: [],
  ...said,
})

const found = [
  name('Biscuit'),
  name('Ruth', { isPerson: true }),
  name('Rover', { isForgotten: true }),
  name('Sunny', { isCertain: false }),
]

test('unasked only what is surely a name is learned, no person, and nothing that was forgotten', () => {
  assert.deepEqual(namesToLearn(found, noChoices), [{ text: 'Biscuit', kind: 'other' }])
})

test('a person says which names are learned, and which are people’s', () => {
  const choices = {
    isLearned: new Map([
      ['Biscuit', false],
      ['Ruth', true],
      ['Rover', true],
      ['Sunny', true],
    ]),
    isPerson: new Map([['Sunny', true]]),
  }
  assert.deepEqual(namesToLearn(found, choices), [
    { text: 'Ruth', kind: 'person' },
    { text: 'Rover', kind: 'other' },
    { text: 'Sunny', kind: 'person' },
  ])
})
