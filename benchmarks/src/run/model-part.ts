/** What names the calls of models in the bookings of a meter. */
export const modelPart = 'model calls: '
