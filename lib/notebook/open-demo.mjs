// Runs in Jupyter's page when the button of showDemo is clicked: finds a way to the kernel's port, and opens the demo
// below the button. Through Jupyter's own proxy (jupyter-server-proxy) where the server has it, as on a hub; else at
// the kernel's address, which a browser on the same machine reaches; else it says what to do.

/** @param {HTMLButtonElement} button */
export default async function openDemo(button) {
  const box = /** @type {HTMLElement} */ (button.closest('[data-demo]'));
  const { demo = '', port = '', token = '' } = box.dataset;
  const told = /** @type {HTMLElement} */ (box.querySelector('[role=status]'));
  button.disabled = true;
  told.textContent = 'Opening …';
  const found = await findAddress();
  told.textContent = 'problem' in found ? found.problem : '';
  button.disabled = 'address' in found;
  if ('problem' in found) return;
  const link = box.querySelector('a');
  if (link) link.href = found.address;
  const frame = document.createElement('iframe');
  Object.assign(frame, {
    src: found.address,
    title: 'Demo',
    width: '100%',
    height: '760',
    allow: 'camera; clipboard-write',
  });
  frame.style.cssText = 'border: 1px solid #8886; border-radius: 8px';
  box.append(frame);

  /** @returns {Promise<{ address: string } | { problem: string }>} */
  async function findAddress() {
    if (!demo.startsWith('http://127.0.0.1:')) return { address: demo }; /* what base_url says */
    const config = document.getElementById('jupyter-config-data')?.textContent;
    const proxied = config ? `${JSON.parse(config).baseUrl ?? '/'}proxy/${port}/` : undefined;
    if (proxied) {
      const answer = await ask(`${proxied}about`, { headers: { 'X-Demo-Token': token } });
      if (answer?.ok) return { address: `${proxied}#token=${token}` };
      const error = answer?.status === 403 && (await answer.json().catch(() => undefined))?.error;
      if (typeof error === 'string' && /allowed_hosts/.test(error)) return { problem: error };
    }
    const isHere = !/^https?:$/.test(location.protocol) || /^(localhost|127\.0\.0\.1|\[::1\])$/.test(location.hostname);
    if (isHere && (await ask(`http://127.0.0.1:${port}/about`, { mode: 'no-cors' }))) return { address: demo };
    return {
      problem:
        `This browser does not reach port ${port} of the machine on which the kernel runs. Either install Jupyter's ` +
        'proxy where Jupyter itself runs (pip install --user jupyter-server-proxy; no administrator is needed), ' +
        `restart the Jupyter server and run this cell again; or forward the port, ssh -L ${port}:127.0.0.1:${port} ` +
        `followed by the machine's name, and open ${demo}`,
    };
  }

  /** @param {string} address @param {RequestInit} options */
  async function ask(address, options) {
    try {
      return await fetch(address, options);
    } catch {
      return undefined;
    }
  }
}
