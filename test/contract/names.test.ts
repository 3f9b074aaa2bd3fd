import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findNames, saysName } from '../../src-main/contract/names.ts'

const spoken = [
  'A brown dog runs through the grass',
  'The boy jumps into a lake',
  'A woman in a house',
  'Two people on a sandy point',
]

test('names are runs of words with capital letters that three captions have', () => {
  const captions = [
    'Nana Ruth on the porch of the lake house',
    'Nana Ruth reads to Biscuit',
    'The old swing, and Nana Ruth',
    "Our dog chases Biscuit's ball",
    'A walk with Biscuit at Schloss Häßlich',
    'Snow at Schloss Häßlich',
    'Schloss Häßlich from the lake',
    'The lake at dawn',
    'The boat',
    'Lunch at the Old Mill',
  ]
  assert.deepEqual(findNames(captions, spoken), [
    { text: 'Biscuit', captions: [1, 3, 4], isCertain: true },
    { text: 'Nana Ruth', captions: [0, 1, 2], isCertain: true },
    { text: 'Schloss Häßlich', captions: [4, 5, 6], isCertain: true },
  ])
})

test('a name that the model says because it was taught it is still one', () => {
  const captions = ['a walk with Biscuit', 'Biscuit sleeps', 'the ball of Biscuit']
  const said = [...spoken, 'A brown dog Biscuit runs through the grass']
  assert.deepEqual(findNames(captions, said), [])
  assert.deepEqual(findNames(captions, said, ['Biscuit']), [
    { text: 'Biscuit', captions: [0, 1, 2], isCertain: true },
  ])
})

test('a name of usual words is one, also where it begins a sentence', () => {
  const captions = [
    'Sandy Point in the rain',
    'Sandy Point at noon',
    'Sandy Point from the boat',
    'The dog swims at Sandy Point',
    'A sandy point',
  ]
  assert.deepEqual(findNames(captions, spoken), [
    { text: 'Sandy Point', captions: [0, 1, 2, 3], isCertain: true },
  ])
})

test('a word that only begins sentences is not certain to be a name, and one that is usual is none', () => {
  const captions = [
    'Biscuit runs through the grass',
    'The lake. Biscuit swims in the lake',
    'Biscuit sleeps',
    'A quiet morning',
    'A lake',
    'A dog',
    'Many ducks and many geese',
    'Many boats',
    'Many people',
  ]
  assert.deepEqual(findNames(captions, spoken), [{ text: 'Biscuit', captions: [0, 1, 2], isCertain: false }])
})

test('a word that opens a caption before another beginning is no name, and one before what stands within captions is', () => {
  const others = [
    'A quiet morning',
    'We came late',
    'The ducks on the lake',
    'Two geese and a duck',
    'There it is',
  ]
  const opened = [
    ...['a heron in the reeds', 'two boats', 'the lake is frozen', 'there is snow'],
    ...['we saw a heron', 'we swam in the lake', 'we slept'],
  ]
  const texts = (captions: string[]) => findNames(captions, spoken).map(({ text }) => text)
  assert.deepEqual(texts([...others, ...opened.map((rest) => `Today ${rest}`)]), [])
  assert.deepEqual(texts([...others, ...opened.map((rest) => `Today, ${rest}`)]), [])
  const done = ['on the porch', 'and a duck', 'runs through the grass', 'in a house', 'is tired', 'sleeps']
  assert.deepEqual(texts([...others, ...done.map((rest) => `Ruth ${rest}`)]), ['Ruth'])
  assert.deepEqual(texts(['Ruth on the porch', 'Ruth on a boat', 'Ruth with the ducks']), ['Ruth'])
})

test('what is said with a word again and again and nowhere else makes it no name; in another language than the model’s, too', () => {
  const texts = (captions: string[]) => findNames(captions, spoken).map(({ text }) => text)
  const seen = ['una garza', 'dos barcos', 'el lago helado', 'la nieve'].map((what) => `Hoy vimos ${what}`)
  const others = ['Un perro en la playa', 'El lago', 'La casa con jardín', 'Una mujer corre en el parque']
  const dog = ['en la playa', 'corre en el parque', 'con una pelota', 'en el jardín'].map(
    (what) => `Canela ${what}`,
  )
  assert.deepEqual(texts([...others, ...seen, ...dog]), ['Canela'])
})

test('part of a longer name is a name by itself where it stands alone often enough', () => {
  const captions = [
    'Lunch with Nana Ruth',
    'A walk with Nana Ruth',
    'In the garden with Nana Ruth',
    'Cake from Ruth',
    'A letter from Ruth',
  ]
  assert.deepEqual(
    findNames(captions, spoken).map(({ text }) => text),
    ['Nana Ruth'],
  )
  assert.deepEqual(findNames([...captions, 'The cat of Ruth'], spoken), [
    { text: 'Nana Ruth', captions: [0, 1, 2], isCertain: true },
    { text: 'Ruth', captions: [3, 4, 5], isCertain: true },
  ])
})

test('where all nouns have capitals, they make nothing certain', () => {
  const captions = ['Der Hund am Strand', 'Ein Hund im Schnee', 'Unser Hund mit Ball', 'Ein Boot am Strand']
  assert.deepEqual(
    findNames(captions, spoken).map(({ text, isCertain }) => [text, isCertain]),
    [['Hund', false]],
  )
})

test('words that the model itself writes with capitals are no names', () => {
  const captions = ['A dog with a Frisbee', 'The Frisbee', 'A red Frisbee', 'He throws it']
  assert.deepEqual(findNames(captions, [...spoken, 'A dog catches a Frisbee']), [])
  assert.deepEqual(
    findNames(captions, spoken).map(({ text }) => text),
    ['Frisbee'],
  )
})

test('writing without capitals has no names that letters tell', () => {
  assert.deepEqual(findNames(['ビスケットと海', 'ビスケットと山', 'ビスケット', '', '…'], spoken), [])
})

test('a name is said as whole words in its own letters', () => {
  assert.ok(saysName("Biscuit's ball", 'Biscuit'))
  assert.ok(saysName('(Biscuit)', 'Biscuit'))
  assert.ok(saysName('Biscuits and Biscuit', 'Biscuit'))
  assert.ok(!saysName('Biscuits', 'Biscuit'))
  assert.ok(!saysName('a biscuit', 'Biscuit'))
  assert.ok(!saysName('Häßlicher See', 'Häßlich'))
})
