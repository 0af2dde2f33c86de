// What a user can get wrong on the command line or in a config: one line, with what was expected and found. The unit
// tests have a case for every field and every tensor.

// RUN: not mv-compile %S/../../models/T.json --compile-to=import 2>&1 | FileCheck %s --check-prefix=NO-WEIGHTS
// NO-WEIGHTS: {{.*}}models': expected model.safetensors or model.safetensors.index.json, found neither; pass --weights=FILE, --weights=FOLDER or --weights=random:SEED

// RUN: not mv-compile %S/../../models/T.json --weights=random:x --compile-to=import 2>&1 | FileCheck %s --check-prefix=SEED
// SEED: weights 'random:x': expected random:SEED with SEED an integer from 0 to 18446744073709551615

// RUN: not mv-compile %S/../../models/T.json --weights=%S/../../models/fashion --compile-to=import 2>&1 | FileCheck %s --check-prefix=OTHER-MODEL
// OTHER-MODEL: {{.*}}T.json': field 'num_classes' contradicts the weights: expected 1000 classes, found 'head.weight' for 10 in '{{.*}}model.safetensors'

// RUN: not mv-compile %S/Inputs/unknown-model-type.json --weights=random:1 --compile-to=import 2>&1 | FileCheck %s --check-prefix=TYPE
// TYPE: {{.*}}unknown-model-type.json': field 'model_type': expected "mambavision", found "vit"

// RUN: not mv-compile %S/Inputs/three-depths.json --weights=random:1 --compile-to=import 2>&1 | FileCheck %s --check-prefix=DEPTHS
// DEPTHS: {{.*}}three-depths.json': field 'depths': expected a list of 4 integers from 0 to 512, found 3 entries: [2,1,3]

// RUN: not mv-compile %S/nothing-here --compile-to=import 2>&1 | FileCheck %s --check-prefix=NOTHING
// NOTHING: {{.*}}nothing-here': expected a checkpoint folder or a config.json, found no such file

// RUN: not mv-compile %S/../../models/fashion/model.safetensors --compile-to=import 2>&1 | FileCheck %s --check-prefix=WEIGHTS
// WEIGHTS: {{.*}}model.safetensors': expected a checkpoint folder or a config.json, found weights; pass the config, and these with --weights=

// RUN: not mv-compile %S/../../models/fashion --resolution=64 --compile-to=import 2>&1 | FileCheck %s --check-prefix=RESOLUTION
// RESOLUTION: {{.*}}64

// RUN: not mv-compile %S/../../models/fashion --outputs=features --compile-to=import 2>&1 | FileCheck %s --check-prefix=OUTPUT
// OUTPUT: 'features'
