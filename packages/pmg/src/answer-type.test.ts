import { describe, expect, it } from 'vitest'
import { answerTypeOf, offers } from './answer-type'

describe('answerTypeOf', () => {
  it.each([
    ['When is the concert?', 'time'],
    ['Which day do we meet?', 'time'],
    ['How much was the lamp?', 'amount'],
    ['What is the code of the gate?', 'amount'],
    ['Where is my bike?', 'place'],
    ['Who feeds the cat?', 'person'],
    ['What did Rosa say?', undefined],
    ['When I came home, what did I eat?', undefined],
  ] as const)('reads "%s" as %s', (question, type) => {
    expect(answerTypeOf(question)).toBe(type)
  })
})

describe('offers', () => {
  it.each([
    ['time', 'We meet on Tuesdays', 'We meet often'],
    ['time', 'The train leaves at 6:52', 'The train leaves'],
    ['amount', 'Half a tablet', 'A tablet'],
    ['amount', 'Room 214', 'The room by the stairs'],
    ['place', 'It hangs behind the door', 'It is red'],
    ['person', 'I met Rosa', 'I met nobody'],
  ] as const)('finds a %s in "%s" and none in "%s"', (type, yes, no) => {
    expect(offers(yes, type)).toBe(true)
    expect(offers(no, type)).toBe(false)
  })
})
