import { checkBrowserOrigin } from './browser-origin';

describe('checkBrowserOrigin', () => {
  it('lets this machine in and nobody else, in whatever order they come', () => {
    for (let turn = 0; turn < 3; turn += 1) {
      for (const host of ['127.0.0.1:3000', 'localhost', '[::1]:3000', undefined]) {
        const headers = host === undefined ? {} : { host };
        expect(() => checkBrowserOrigin(headers)).not.toThrow();
        expect(() => checkBrowserOrigin({ ...headers, origin: 'https://evil.example' })).toThrow('web page');
        expect(() => checkBrowserOrigin({ host: 'evil.example' })).toThrow('not this machine');
        expect(() => checkBrowserOrigin({ host: '' })).toThrow('not this machine');
      }
    }
  });
});
