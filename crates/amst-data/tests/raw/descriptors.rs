//! The shipped descriptors and the parsers of annotations say the same.

use amst_annotations::{Dataset, LISTS_FOLDER, Split};
use amst_recipe::DatasetSpec;

use crate::replica::datasets;

#[test]
fn classes_and_lists_of_the_descriptors_are_those_that_are_parsed() {
    for dataset in Dataset::ALL {
        let spec =
            DatasetSpec::read(&datasets().join(dataset.name()).join("dataset.toml")).unwrap();
        assert_eq!(spec.classes, dataset.classes(), "{dataset}");
        let lists = spec.lists.unwrap();
        let names = Split::ALL.map(|split| format!("{LISTS_FOLDER}/{}", dataset.list_name(split)));
        assert_eq!(
            lists.all().map(|list| list.to_string_lossy().into_owned()),
            names,
            "{dataset}"
        );
    }
}
