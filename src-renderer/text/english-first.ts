export const firstText = {
  title: 'Every photo, in words you can search.',
  what: 'Lenslore looks at your photos on this machine and writes a caption for each. What you write yourself always goes before what it wrote.',
  folder: 'Folder',
  none: 'None yet. Choose the one where your photos are. The folders below it come along.',
  drop: 'Drop a folder here, or choose one. The folders below it come along.',
  another: 'Add another folder',
  newest: 'The newest photos',
  steps: 'What will happen',
  whatHappens: [
    { when: 'At once', what: 'Photos appear, by date.' },
    { when: 'In a minute', what: 'The first captions arrive. The newest photos go first.' },
    {
      when: 'Meanwhile',
      what: 'You can search from the first caption on, and close the window when you like.',
    },
    { when: 'Always', what: 'Your files stay as they are, and on this machine.' },
  ],
  model: 'Model',
  small: 'Small',
  here: 'Here already',
  hereWithSize: (size: string) => `${size}, here already`,
  smallWhat: 'Plain captions, in English. It says where it is unsure.',
  later:
    'You can choose another model in Settings. Photos are captioned again then, your own words are kept.',
  choose: 'Choose a folder',
  start: 'Start',
}
