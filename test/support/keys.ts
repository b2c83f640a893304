/** Keys of one seed of 32 times 07, for tests: accounts 84h/1h/0h, 84h/0h/0h, 44h/2h/0h and 44h/3h/0h. Worth nothing. */
export const MASTER = 'e2867bb6';
export const TPUB =
  'tpubDDPRy5xWxJTuVmsh7YRzK8o2EdMWgn4t41fTLxXRgyRN7EKvN2L8BKCFC1gUfPu8Xp6rr667Yc26zrXsiBZsgBc8dQiYnhPNk2Q7CsBrer5';
export const VPUB =
  'vpub5ZMGqWnzwfRVXPJbzdseh3GeZZxxp9apgA2iRcgWb3uiFk2knV9unkD8uZgX95e3vdLLjZP86BUxY6p8svtcCGndq8aPwM6AccgQfk1KZb3';
export const TPRV =
  'tprv8ghPpfvGovnEcJquDtmPuj8ufbqaXSsyUi4g4SV8GhcyGk59jdWXzpaP1tAEy2XjQXWiMjZcYf2GjW8xMZZKW2FP42DvpwtipQfgUftkBzP';
export const XPUB =
  'xpub6D3anNhuPFsyitz6c7Kgp1sS3Dcz5CReqh3Pf8CBaBxNy9PYSuKKz4869P2hbxQJccVAKAbfU5xz7VYDBQDcubAPNZ73ADBoxvnMB4PXXYE';
export const ZPUB =
  'zpub6ri7Pi3jgcxwRVNLGptwEC4SP9usxSQefv5qDuyxLCi95M1zxDeTEBSNBnwsbmi9Rtimp7nnPQg5t4mLco3eW4Xb7EVtL2pnWNudxFHiG9E';
export const LTUB =
  'Ltub2ZcCusdyTRSxSG95i4zud65i8Sizas3ouwBuNQRWFw25yKAsCSkBzFdShcoQMDPFersgyAvGbT4KS61PtqbukcrBzLgUSY7fkBCKiYexioR';
export const DGUB =
  'dgub8sZu9tAAjvCbT3CWpuatBU5dg92FxrXg4NkWyeU2km2HH7p9xbG42t1kykPs4QJyjHdMuFPqzUaH4FhpZ4GSKkR2F9FcHLyEffYx7bLD5wQ';
export const WIF = 'cPHqe7dbB6dGpckVLL1LovruUWeH7jCAYnfFycHFN3hWgef59kBS';
