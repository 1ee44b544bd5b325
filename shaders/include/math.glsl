// SPDX-License-Identifier: GPL-3.0-or-later
// Elementary functions that are right to about 2e-7 on every driver. Vulkan asks little of the built-in ones (log near 1 may be off by
// 2^-21, atan by 4096 units in the last place), which is not enough for sums of small losses.

const float LN2_HIGH = 0.693359375;
const float LN2_LOW = -2.12194440e-4;

// e^x for x <= 0; not a number stays one.
float exp_negative (float x)
{
  x = x < -87.0 ? -87.0 : x;
  const float n = floor (x * 1.44269504 + 0.5);
  const float r = (x - n * LN2_HIGH) - n * LN2_LOW;
  float p = 1.0 / 5040.0;
  p = p * r + 1.0 / 720.0;
  p = p * r + 1.0 / 120.0;
  p = p * r + 1.0 / 24.0;
  p = p * r + 1.0 / 6.0;
  p = p * r + 0.5;
  return (p * r * r + r + 1.0) * uintBitsToFloat (uint (int (n) + 127) << 23);
}

// 2 atanh (s) for |s| <= 1/3.
float twice_atanh (float s)
{
  const float z = s * s;
  float p = 1.0 / 13.0;
  p = p * z + 1.0 / 11.0;
  p = p * z + 1.0 / 9.0;
  p = p * z + 1.0 / 7.0;
  p = p * z + 0.2;
  p = p * z + 1.0 / 3.0;
  return 2.0 * (p * z * s + s);
}

// log (1 + u) for 0 <= u <= 1.
float log_plus_one (float u)
{
  return twice_atanh (u / (2.0 + u));
}

// log (x) for normal x > 0.
float log_positive (float x)
{
  const uint bits = floatBitsToUint (x) - floatBitsToUint (0.70710678);
  const float n = float (int (bits) >> 23);
  const float m = uintBitsToFloat ((bits & 0x7fffffu) + floatBitsToUint (0.70710678));
  return n * LN2_HIGH + (twice_atanh ((m - 1.0) / (m + 1.0)) + n * LN2_LOW);
}

// atan (x), by the polynomial of Cephes' atanf.
float arctangent (float x)
{
  const float a = abs (x);
  const bool high = a > 2.41421356, middle = !high && a > 0.41421356;
  const float t = high ? -1.0 / a : middle ? (a - 1.0) / (a + 1.0) : a;
  const float z = t * t;
  const float p = (((8.05374449538e-2 * z - 1.38776856032e-1) * z + 1.99777106478e-1) * z - 3.33329491539e-1) * z * t + t;
  const float y = p + (high ? 1.57079633 : middle ? 0.785398163 : 0.0);
  return x < 0.0 ? -y : y;
}

// What BCE and its gradient need of a logit: probability, 1 - probability without cancellation, and log (1 + e^-|x|).
struct Logit { float p, q, tail; };
Logit logit (float x)
{
  const float e = exp_negative (-abs (x));
  const float small = e / (1.0 + e), large = 1.0 / (1.0 + e);
  return Logit (x < 0.0 ? small : large, x < 0.0 ? large : small, log_plus_one (e));
}

float sigmoid (float x)
{
  const float e = exp_negative (-abs (x));
  return (x < 0.0 ? e : 1.0) / (1.0 + e);
}
