export const shellText = {
  name: 'Lenslore',
}
