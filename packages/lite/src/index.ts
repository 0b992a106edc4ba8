export { type CenterNet, type CenterNetOptions, createCenterNet } from './centernet'
export { createUseLiteEncoder, type UseLiteOptions } from './use-lite'
