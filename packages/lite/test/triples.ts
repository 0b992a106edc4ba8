interface Triple {
  readonly anchor: string
  readonly paraphrase: string
  readonly unrelated: string
}

/** Twenty memories, each with the same fact in other words and an unrelated one. */
export const triples: readonly Triple[] = [
  [
    'My dentist appointment is on Tuesday at half past three',
    'I see the tooth doctor Tuesday afternoon',
    'The bakery sells fresh bread',
  ],
  [
    'I parked the car on level two of the garage',
    'My vehicle is in the parking house, second floor',
    'Grandmother likes to knit scarves',
  ],
  [
    'The wifi password is written on the fridge',
    'You can read the internet login on the refrigerator',
    'We hiked up the mountain at dawn',
  ],
  ['Anna gave me her phone number', 'I got a mobile contact from Anna', 'The soup needs more salt'],
  [
    'I take two pills of ibuprofen after dinner',
    'After the evening meal I swallow painkillers',
    'The train to Oslo was late',
  ],
  [
    'The meeting with the sales team was moved to Friday',
    'We talk to the sales people on Friday now',
    'A cat sleeps on the roof',
  ],
  ['I paid twelve dollars for lunch', 'My midday meal cost twelve bucks', 'The garden gate is painted green'],
  ['Her birthday is on the fourth of May', 'She was born on May 4th', 'Turn left at the traffic light'],
  [
    'The keys are in the drawer by the door',
    'I put the house keys into the cabinet near the entrance',
    'He plays the trumpet in a band',
  ],
  ['I am allergic to peanuts', 'Eating nuts makes me sick', 'The library closes at eight'],
  [
    'The plumber will fix the sink tomorrow',
    'Tomorrow someone repairs the water pipe in the kitchen',
    'My sister studies law in Boston',
  ],
  ['We watched a film about space travel', 'We saw a movie on astronauts', 'The price of potatoes went up'],
  ['My flight leaves at six in the morning', 'The plane takes off at 6 am', 'I watered the plants on the balcony'],
  ['The doctor told me to drink more water', 'My physician said I should stay hydrated', 'The printer is out of paper'],
  ['I lent my umbrella to Tom', 'Tom borrowed the umbrella from me', 'The exam has forty questions'],
  ['The rent is due on the first of each month', 'We have to pay the landlord monthly', 'A dog barked all night long'],
  [
    'I bought milk and eggs at the supermarket',
    'At the grocery store I got dairy and eggs',
    'The lecture was about Roman history',
  ],
  [
    'The gym opens at seven on weekends',
    'On Saturday the fitness studio starts at 7',
    'She painted a portrait of her father',
  ],
  ['My laptop battery lasts only two hours', 'The computer runs out of power quickly', 'The river flooded the village'],
  [
    'He recommended an Italian restaurant downtown',
    'He suggested a pizza place in the city centre',
    'The bus driver wore a blue cap',
  ],
].map(([anchor, paraphrase, unrelated]) => ({ anchor: anchor!, paraphrase: paraphrase!, unrelated: unrelated! }))
