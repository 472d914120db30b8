#include "CStretch.h"
